-- Our own Prosody 13 plugin, for tests: the mechanisms X-OAUTH2 and X-MESSENGER-OAUTH2.
--
-- No server of the day offers X-MESSENGER-OAUTH2. This plugin lets a real Prosody take it, with the access tokens of
-- its own mod_http_oauth2. It was written for these tests from the public description of the Messenger sign-in and
-- from slixmpp, so it proves that client and plugin agree, and not what a third party's server does. (X-OAUTH2 is
-- proved at ejabberd, which has it itself.)
--
--   X-OAUTH2            base64( authzid NUL user NUL token ), as ejabberd and slixmpp have it
--   X-MESSENGER-OAUTH2  the token as it stands as the text of <auth/>, NOT base64; the user is the token's
--
-- Both exist wherever the host's authentication takes OAUTHBEARER; `disable_sasl_mechanisms` hides them.
-- Option `messenger_trailing_blank = true`: the name is offered as "X-MESSENGER-OAUTH2 ", with the blank at its end that
-- Microsoft's sample shows. The answer is taken with and without that blank.

local sasl = require "prosody.util.sasl";
local base64 = require "prosody.util.encodings".base64.encode;
local nodeprep = require "prosody.util.encodings".stringprep.nodeprep;

local sasl_namespace = "urn:ietf:params:xml:ns:xmpp-sasl";
local messenger = "X-MESSENGER-OAUTH2";

local function finish(self, token, user)
	local username, state = self.profile.oauthbearer(self, token, self.realm, nil);
	if state == false then return "failure", "account-disabled"; end
	if not username or not state then return "failure", "not-authorized"; end
	if user and nodeprep(user) ~= username then return "failure", "not-authorized"; end
	self.username = username;
	return "success";
end

sasl.registerMechanism("X-OAUTH2", { "oauthbearer" }, function(self, message)
	local user, token = (message or ""):match("^[^%z]*%z([^%z]+)%z([^%z]+)$");
	if not user then return "failure", "malformed-request"; end
	return finish(self, token, user:match("^[^@]+"));
end);

sasl.registerMechanism(messenger, { "oauthbearer" }, function(self, message)
	if not message or message == "" then return "failure", "malformed-request"; end
	return finish(self, message);
end);

-- mod_saslauth decodes base64 before a mechanism sees the text: encode the raw token once, ahead of it.
module:hook("stanza/" .. sasl_namespace .. ":auth", function(event)
	local auth = event.stanza;
	if (auth.attr.mechanism or ""):match("^%s*(.-)%s*$") ~= messenger then return; end
	auth.attr.mechanism = messenger;
	if auth[1] then auth[1] = base64(auth[1]); end
end, 500);

if module:get_option_boolean("messenger_trailing_blank", false) then
	-- after mod_saslauth has listed its mechanisms
	module:hook("stream-features", function(event)
		local mechanisms = event.features:get_child("mechanisms", sasl_namespace);
		if not mechanisms then return; end
		for mechanism in mechanisms:childtags("mechanism") do
			if mechanism[1] == messenger then mechanism[1] = messenger .. " "; end
		end
	end, -1000);
end
