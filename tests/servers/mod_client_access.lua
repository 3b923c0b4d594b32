-- Our own Prosody 13 plugin, for tests: XEP-0494, who has access to the account and taking it away.
--
-- mod_client_management, which Prosody's own developers wrote for it, is in no Debian package. This one was written from
-- the text of the XEP, so it proves that client and plugin agree; but what it takes away are the true grants of
-- mod_tokenauth and the true tokens of mod_sasl2_fast, and whoever lost them is turned away by Prosody itself.
--
-- A client is known from its first sign-in on: by the id of its installation where it told one (XEP-0388), else by its
-- resource. Grants that nobody has used yet are clients too.

local st = require "prosody.util.stanza";
local datetime = require "prosody.util.datetime";

local tokenauth = module:depends("tokenauth");
local fast = module:depends("sasl2_fast");
local xmlns = "urn:xmpp:cam:0";
local clients = module:open_store("client_access", "keyval+");

local function note(session, id, token, password)
	local known = clients:get_key(session.username, id) or { first = os.time() };
	known.last = os.time();
	known.full_jid = session.full_jid;
	known.installation = session.client_id;
	known.grant = token and token.id or known.grant;
	known.password = known.password or password;
	clients:set_key(session.username, id, known);
end

local function remember(event)
	local session = event.session;
	local handler = session.sasl_handler;
	if not handler then return; end
	local mechanism = handler.selected or "";
	local bearer = mechanism == "OAUTHBEARER" or mechanism == "X-OAUTH2" or mechanism == "X-MESSENGER-OAUTH2";
	session.client_access = {
		token = handler.token_info;
		password = not bearer and not mechanism:match("^HT%-");
	};
end
module:hook("authentication-success", remember); -- SASL
module:hook("sasl2/c2s/success", remember, 900); -- SASL2: ahead of the resource, which is bound along

-- Behind SASL2 and Bind 2 alike the address is known here.
module:hook("resource-bind", function(event)
	local session = event.session;
	local how = session.client_access or {};
	note(session, session.client_id or ("resource-" .. session.resource), how.token, how.password);
end);

local function live(username)
	local all = {};
	for id, known in pairs(clients:get(username) or {}) do
		local grant = known.grant and tokenauth.get_grant_info(username, known.grant);
		local token = known.installation and fast.is_client_fast(username, known.installation);
		local session = prosody.full_sessions[known.full_jid];
		if grant or token or known.password or session then
			all[id] = { known = known, grant = grant, fast = token, session = session };
		end
	end
	return all;
end

module:hook("iq-get/self/" .. xmlns .. ":list", function(event)
	local session = event.origin;
	local reply = st.reply(event.stanza):tag("clients", { xmlns = xmlns });
	local used = {};
	for id, client in pairs(live(session.username)) do
		used[client.known.grant or ""] = true;
		reply:tag("client", { id = "client/" .. id, type = "session", connected = client.session and "true" or "false" })
			:text_tag("first-seen", datetime.datetime(client.known.first))
			:text_tag("last-seen", datetime.datetime(client.known.last))
			:tag("auth");
		if client.known.password then reply:tag("password"):up(); end
		if client.grant then reply:tag("grant"):up(); end
		if client.fast then reply:tag("fast"):up(); end
		reply:up():tag("permission", { status = "normal" }):up():tag("user-agent"):up():up();
	end
	for id, grant in pairs(tokenauth.get_user_grants(session.username) or {}) do
		if not used[id] then
			reply:tag("client", { id = "grant/" .. id, type = "access", connected = "false" })
				:text_tag("first-seen", datetime.datetime(grant.created))
				:text_tag("last-seen", datetime.datetime(grant.accessed))
				:tag("auth"):tag("grant"):up():up():tag("permission", { status = "normal" }):up():tag("user-agent"):up():up();
		end
	end
	session.send(reply:up());
	return true;
end);

module:hook("iq-set/self/" .. xmlns .. ":revoke", function(event)
	local session, stanza = event.origin, event.stanza;
	local username = session.username;
	local kind, id = (stanza.tags[1].attr.id or ""):match("^(%a+)/(.+)$");
	if kind == "grant" and tokenauth.get_grant_info(username, id) then
		tokenauth.revoke_grant(username, id);
		session.send(st.reply(stanza));
		return true;
	end
	local client = kind == "client" and live(username)[id];
	if not client then
		session.send(st.error_reply(stanza, "cancel", "item-not-found"));
		return true;
	end
	if client.session then client.session:close({ condition = "not-authorized", text = "Signed out elsewhere" }); end
	if client.fast then fast.revoke_fast_tokens(username, client.known.installation); end
	if client.grant then tokenauth.revoke_grant(username, client.known.grant); end
	if client.known.password then
		local refusal = st.error_reply(stanza, "cancel", "service-unavailable");
		refusal:get_child("error"):tag("password-reset-required", { xmlns = xmlns }):up();
		session.send(refusal);
	else
		clients:set_key(username, id, nil);
		session.send(st.reply(stanza));
	end
	return true;
end);
