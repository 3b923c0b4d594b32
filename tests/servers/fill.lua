-- Runs inside a Prosody (12 or 13) through its admin shell; `prosody fill` calls it. Returns what to print.
--
--   fill("people", host, "juliet", "romeo", …)   accounts, password pw-NAME
--   fill("roster", host, user, count)           account `user` (password pw-USER) with a roster of buddy0…, in five groups,
--                                               every one a real account (password pw-buddy) subscribed both ways
local function find(name)
	local ok, it = pcall(require, "prosody." .. name);
	return ok and it or require(name);
end
local users, rosters, storage = find "core.usermanager", find "core.rostermanager", find "core.storagemanager";

local function account(user, host, password)
	if users.user_exists(user, host) then return; end
	assert(users.create_user(user, password, host));
end

local actions = {};

function actions.people(host, ...)
	for _, user in ipairs { ... } do account(user, host, "pw-" .. user); end
	return select("#", ...) .. " accounts";
end

function actions.roster(host, user, count)
	local groups = { "Friends", "Family", "Work", "Club", "Elsewhere" };
	account(user, host, "pw-" .. user);
	account("buddy0", host, "pw-buddy");
	-- the others share the hash of the first: hashing a thousand passwords would take ten seconds
	local accounts = storage.open(host, "accounts", "keyval");
	local shared = assert(accounts:get("buddy0"));
	local own = assert(rosters.load_roster(user, host));
	for number = 0, count - 1 do
		local buddy = "buddy" .. number;
		if not users.user_exists(buddy, host) then assert(accounts:set(buddy, shared)); end
		local theirs = assert(rosters.load_roster(buddy, host));
		theirs[user .. "@" .. host] = { subscription = "both", groups = {}, name = user };
		assert(rosters.save_roster(buddy, host, theirs));
		own[buddy .. "@" .. host] = { subscription = "both", groups = { [groups[number % 5 + 1]] = true }, name = "Buddy " .. number };
	end
	assert(rosters.save_roster(user, host, own));
	return user .. "@" .. host .. " has " .. count .. " buddies";
end

return function(action, ...) return actions[action](...); end
