BEGIN TRANSACTION;
CREATE TABLE accounts (
	account_number TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	address TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	identity BLOB NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (account_number), 
	CONSTRAINT ck_accounts_kind CHECK (kind IN ('patient', 'member'))
)
 STRICT

;
INSERT INTO "accounts" VALUES('2059248180','member','practice@example.org','3eecc6531ada2d18def9f42bf160ba1f0733ed21ee0d22feb44ba1943c2bdadc',1800000000,X'7B7D');
INSERT INTO "accounts" VALUES('1195090725','patient','patient@example.org','df43c209301beeec6ad924b970f80205d8592e6bae96c0fcb48929a240b326bc',1800000000,X'7B7D');
CREATE TABLE admission_codes (
	code_hash TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	used_at INTEGER, 
	request_hash TEXT, 
	account_number TEXT, 
	CONSTRAINT pk_admission_codes PRIMARY KEY (code_hash), 
	CONSTRAINT fk_admission_codes_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number)
)
 STRICT

;
INSERT INTO "admission_codes" VALUES('4d1859471bc12cd0531325326b6b1e90c15007b3d718b9d1bbf39b4f23033d6c',1800000000,1800086400,1800000000,'c42d33f338a4c04d03bbca264a74b3adf3b5acc43b715a159ac06db75e1a9e08','2059248180');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attestations (
	statement_hash TEXT NOT NULL, 
	invitation_id TEXT NOT NULL, 
	member TEXT NOT NULL, 
	kept_at INTEGER NOT NULL, 
	envelope BLOB NOT NULL, 
	CONSTRAINT pk_attestations PRIMARY KEY (statement_hash), 
	CONSTRAINT fk_attestations_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitations (invitation_id), 
	CONSTRAINT fk_attestations_member FOREIGN KEY(member) REFERENCES members (fingerprint)
)
 STRICT

;
INSERT INTO "attestations" VALUES('93685b8ab9a9e35c0c5cc2da67f830cbd0a90e94f28c1ddfe201c34afbc7e59f','cad075155ff4cf7e68a85a3eb1732aa3','3eecc6531ada2d18def9f42bf160ba1f0733ed21ee0d22feb44ba1943c2bdadc',1800000060,X'6174746573746174696F6E');
CREATE TABLE bindings (
	invitation_id TEXT NOT NULL, 
	binding_hash TEXT NOT NULL, 
	account_number TEXT NOT NULL, 
	bound_at INTEGER NOT NULL, 
	by_claim BLOB NOT NULL, 
	by_identity BLOB NOT NULL, 
	CONSTRAINT pk_bindings PRIMARY KEY (invitation_id), 
	CONSTRAINT fk_bindings_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number), 
	CONSTRAINT fk_bindings_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitations (invitation_id)
)
 STRICT

;
INSERT INTO "bindings" VALUES('cad075155ff4cf7e68a85a3eb1732aa3','2685c4e4dbc92787757f2d0d47d077e950fed3d1b19ed69aee0f03e5df9cd26c','1195090725',1800000000,X'627920636C61696D',X'6279206964656E74697479');
CREATE TABLE claim_sessions (
	token_hash TEXT NOT NULL, 
	claim_session_id TEXT NOT NULL, 
	invitation_id TEXT NOT NULL, 
	client TEXT NOT NULL, 
	gates_passed INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	code_counter INTEGER NOT NULL, 
	code_expires_at INTEGER, 
	code_tries INTEGER NOT NULL, 
	CONSTRAINT pk_claim_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT ck_claim_sessions_client CHECK (client IN ('browser', 'program')), 
	CONSTRAINT ck_claim_sessions_gates_passed CHECK (gates_passed BETWEEN 1 AND 3), 
	CONSTRAINT fk_claim_sessions_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitations (invitation_id), 
	CONSTRAINT uq_claim_sessions_claim_session_id UNIQUE (claim_session_id)
)
 STRICT

;
INSERT INTO "claim_sessions" VALUES('544d5df69318c2f2caefcdc3efa84efffcb4403d30d2321eec5add803a4d8b4d','247a247442490b2819ada3a82fc31102','cad075155ff4cf7e68a85a3eb1732aa3','browser',3,1800000000,1800003600,1,1800000600,0);
CREATE TABLE condemned_objects (
	object_key TEXT NOT NULL, 
	condemned_at INTEGER NOT NULL, 
	CONSTRAINT pk_condemned_objects PRIMARY KEY (object_key)
)
 STRICT

;
CREATE TABLE covers (
	delivery_id TEXT NOT NULL, 
	cover BLOB NOT NULL, 
	CONSTRAINT pk_covers PRIMARY KEY (delivery_id), 
	CONSTRAINT fk_covers_delivery_id FOREIGN KEY(delivery_id) REFERENCES deliveries (delivery_id)
)
 STRICT

;
INSERT INTO "covers" VALUES('98dc2dff9530bec5d2db3d0f633646b4',X'7F4C36A1B24D000EBE579A9B627CE3F6E880FF42C45A8C1F11396F2D9601E7E135A7145547A09069EB213DC96C2F2F6F8A604DA8F2D82493CF4DAE996D4F478F');
INSERT INTO "covers" VALUES('71c7c1e3d8f955ee9b26e3f5446866ac',X'B36469B57107EA461C81ED6A5FC39D71DDDE1C45671292D8BBEA00D1A780B997AB7C9D0070AC55EE434EE2902FC9805FDFB59061D56B55A67DA1BA30BAB3948A');
CREATE TABLE deliveries (
	delivery_id TEXT NOT NULL, 
	deposit_id INTEGER NOT NULL, 
	invitation_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	account_number TEXT, 
	state TEXT NOT NULL, 
	stored_at INTEGER NOT NULL, 
	notified_at INTEGER, 
	bounced_at INTEGER, 
	fetched_at INTEGER, 
	opened_at INTEGER, 
	cover_hash TEXT NOT NULL, 
	CONSTRAINT pk_deliveries PRIMARY KEY (delivery_id), 
	CONSTRAINT ck_deliveries_state CHECK (state IN ('stored', 'notified', 'bounced', 'fetched', 'opened', 'withdrawn', 'expired')), 
	CONSTRAINT fk_deliveries_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number), 
	CONSTRAINT fk_deliveries_deposit_id FOREIGN KEY(deposit_id) REFERENCES deposits (deposit_id), 
	CONSTRAINT fk_deliveries_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitations (invitation_id), 
	CONSTRAINT uq_deliveries_invitation_id UNIQUE (deposit_id, invitation_id), 
	CONSTRAINT uq_deliveries_deposit_id UNIQUE (deposit_id, position)
)
 STRICT

;
INSERT INTO "deliveries" VALUES('98dc2dff9530bec5d2db3d0f633646b4',1,'cad075155ff4cf7e68a85a3eb1732aa3',0,'1195090725','opened',1800000000,NULL,NULL,NULL,1800000060,'8429d61084ca596b48838fb57d8d1cc69030671a56b500599dde6b8cd974fb76');
INSERT INTO "deliveries" VALUES('71c7c1e3d8f955ee9b26e3f5446866ac',1,'67d313ae3fe908c69354a51fc9d9ed04',1,NULL,'stored',1800000000,NULL,NULL,NULL,NULL,'c18ca10b9a9370774264d46c67a75818e6af02dd6f18fc9a95d1c08d7cb704c3');
CREATE TABLE deposits (
	deposit_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	organisation TEXT NOT NULL, 
	document_id TEXT NOT NULL, 
	member TEXT NOT NULL, 
	state TEXT NOT NULL, 
	object_key TEXT NOT NULL, 
	sealed_length INTEGER NOT NULL, 
	segments INTEGER NOT NULL, 
	opened_at INTEGER NOT NULL, 
	stored_at INTEGER, 
	request_hash TEXT, 
	CONSTRAINT ck_deposits_stored CHECK ((state = 'stored') = (stored_at IS NOT NULL)), 
	CONSTRAINT ck_deposits_state CHECK (state IN ('uploading', 'stored')), 
	CONSTRAINT fk_deposits_member FOREIGN KEY(member) REFERENCES members (fingerprint), 
	CONSTRAINT fk_deposits_organisation FOREIGN KEY(organisation) REFERENCES organisations (fingerprint), 
	CONSTRAINT uq_deposits_object_key UNIQUE (object_key), 
	CONSTRAINT uq_deposits_organisation UNIQUE (organisation, document_id)
)
 STRICT

;
INSERT INTO "deposits" VALUES(1,'e9c205ea952845c698846e383318d9aef8e25704f346a2a6193fac854af12a14','d03c8ea70b0ad674296bdd1a278c7d3f','3eecc6531ada2d18def9f42bf160ba1f0733ed21ee0d22feb44ba1943c2bdadc','stored','44f8f012eec81c181f13b4dd576f2d36',100000,1,1800000000,1800000000,'2cbbd63d3d1bf239d24060701c22ca391fd39a1411cead988cf2106037da8372');
CREATE TABLE invitations (
	invitation_id TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	member TEXT NOT NULL, 
	letter_number TEXT NOT NULL, 
	status TEXT NOT NULL, 
	address TEXT, 
	record_hash TEXT NOT NULL, 
	claim_fingerprint TEXT NOT NULL, 
	claim_login_key BLOB NOT NULL, 
	not_before INTEGER NOT NULL, 
	not_after INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	supersedes TEXT, 
	superseded_by TEXT, 
	claimed_at INTEGER, 
	account_number TEXT, 
	mails_window_at INTEGER NOT NULL, 
	mails INTEGER NOT NULL, 
	person_window_at INTEGER NOT NULL, 
	person_tries INTEGER NOT NULL, 
	envelope BLOB NOT NULL, 
	CONSTRAINT pk_invitations PRIMARY KEY (invitation_id), 
	CONSTRAINT ck_invitations_claimed CHECK ((status = 'claimed') = (account_number IS NOT NULL)), 
	CONSTRAINT ck_invitations_status CHECK (status IN ('pending', 'claimed', 'superseded', 'expired')), 
	CONSTRAINT fk_invitations_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number), 
	CONSTRAINT fk_invitations_member FOREIGN KEY(member) REFERENCES members (fingerprint), 
	CONSTRAINT fk_invitations_organisation FOREIGN KEY(organisation) REFERENCES organisations (fingerprint), 
	CONSTRAINT fk_invitations_superseded_by FOREIGN KEY(superseded_by) REFERENCES invitations (invitation_id), 
	CONSTRAINT fk_invitations_supersedes FOREIGN KEY(supersedes) REFERENCES invitations (invitation_id), 
	CONSTRAINT uq_invitations_letter_number UNIQUE (letter_number), 
	CONSTRAINT uq_invitations_supersedes UNIQUE (supersedes)
)
 STRICT

;
INSERT INTO "invitations" VALUES('cad075155ff4cf7e68a85a3eb1732aa3','e9c205ea952845c698846e383318d9aef8e25704f346a2a6193fac854af12a14','3eecc6531ada2d18def9f42bf160ba1f0733ed21ee0d22feb44ba1943c2bdadc','8277476634','claimed','patient@example.org','8153d7229b0970ffe52a3e3bbf62a34c24c178011565368b4aa104dca9c77566','c47638fbf5e0d82c0a1a89d6d66763f2650b98ca47d56dc5b2357d6918774fbe',X'62452A25F8A27CF7E7BBF5F52EF1C2C328CF7EAE5C46274BEA7CEE72B2014194',1800000000,1802592000,1800000000,NULL,NULL,1800000000,'1195090725',1800000000,1,0,0,X'7265636F7264');
INSERT INTO "invitations" VALUES('67d313ae3fe908c69354a51fc9d9ed04','e9c205ea952845c698846e383318d9aef8e25704f346a2a6193fac854af12a14','3eecc6531ada2d18def9f42bf160ba1f0733ed21ee0d22feb44ba1943c2bdadc','4030614244','pending','waiting@example.org','7f1abcddb46adcdf88aa450c9b182174828963e8fa1e63749406f62c60a4e47c','37f5dc28d400ec81b63b09e2388348abde93f5f9ca5d3821e328c64d821648b2',X'F03368BDF7510499B790AE295639A841FB536FA3E77EF9D802BDBE1EA15D7398',1800000000,1802592000,1800000000,NULL,NULL,NULL,NULL,0,0,0,0,X'7265636F7264');
CREATE TABLE jobs (
	job_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	job TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	state TEXT NOT NULL, 
	run_at INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	lease TEXT, 
	lease_until INTEGER, 
	created_at INTEGER NOT NULL, 
	failure TEXT, 
	CONSTRAINT ck_jobs_state CHECK (state IN ('waiting', 'dead'))
)
 STRICT

;
INSERT INTO "jobs" VALUES(1,'email-code','{"claim_session_id": "247a247442490b2819ada3a82fc31102", "counter": "1"}','waiting',1800000000,0,NULL,NULL,1800000000,NULL);
INSERT INTO "jobs" VALUES(2,'activated','{"account_number": "1195090725"}','waiting',1800000000,0,NULL,NULL,1800000000,NULL);
INSERT INTO "jobs" VALUES(3,'notify','{"delivery_id": "98dc2dff9530bec5d2db3d0f633646b4"}','waiting',1800000000,0,NULL,NULL,1800000000,NULL);
INSERT INTO "jobs" VALUES(4,'notify','{"delivery_id": "71c7c1e3d8f955ee9b26e3f5446866ac"}','waiting',1800000000,0,NULL,NULL,1800000000,NULL);
CREATE TABLE members (
	fingerprint TEXT NOT NULL, 
	organisation TEXT NOT NULL, 
	account_number TEXT NOT NULL, 
	statement_hash TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	envelope BLOB NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (fingerprint), 
	CONSTRAINT fk_members_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number), 
	CONSTRAINT fk_members_organisation FOREIGN KEY(organisation) REFERENCES organisations (fingerprint), 
	CONSTRAINT uq_members_account_number UNIQUE (account_number)
)
 STRICT

;
INSERT INTO "members" VALUES('3eecc6531ada2d18def9f42bf160ba1f0733ed21ee0d22feb44ba1943c2bdadc','e9c205ea952845c698846e383318d9aef8e25704f346a2a6193fac854af12a14','2059248180','bb5af867b1285053826fb6434ec493d6d956b86f12f3787d30ac4595633a95b0',1800000000,X'6D656D626572');
CREATE TABLE nonces (
	nonce_hash TEXT NOT NULL, 
	purpose TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	expires_at INTEGER NOT NULL, 
	CONSTRAINT pk_nonces PRIMARY KEY (nonce_hash), 
	CONSTRAINT ck_nonces_purpose CHECK (purpose IN ('sign-in', 'claim'))
)
 STRICT

;
CREATE TABLE notifications (
	recipient TEXT NOT NULL, 
	mailed_at INTEGER, 
	sending_until INTEGER, 
	CONSTRAINT pk_notifications PRIMARY KEY (recipient)
)
 STRICT

;
CREATE TABLE organisations (
	fingerprint TEXT NOT NULL, 
	statement_hash TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	envelope BLOB NOT NULL, 
	CONSTRAINT pk_organisations PRIMARY KEY (fingerprint)
)
 STRICT

;
INSERT INTO "organisations" VALUES('e9c205ea952845c698846e383318d9aef8e25704f346a2a6193fac854af12a14','b6a98b044872cb832db546512ee7f71f328fa9ae7ed7cb51533cab523208c95b',1800000000,X'6F7267');
CREATE TABLE person_checks (
	invitation_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	person_check BLOB NOT NULL, 
	CONSTRAINT pk_person_checks PRIMARY KEY (invitation_id, position), 
	CONSTRAINT fk_person_checks_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitations (invitation_id)
)
 STRICT

;
INSERT INTO "person_checks" VALUES('67d313ae3fe908c69354a51fc9d9ed04',0,X'6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F6F');
INSERT INTO "person_checks" VALUES('67d313ae3fe908c69354a51fc9d9ed04',1,X'7070707070707070707070707070707070707070707070707070707070707070');
CREATE TABLE receipts (
	delivery_id TEXT NOT NULL, 
	kept_at INTEGER NOT NULL, 
	envelope BLOB NOT NULL, 
	CONSTRAINT pk_receipts PRIMARY KEY (delivery_id), 
	CONSTRAINT fk_receipts_delivery_id FOREIGN KEY(delivery_id) REFERENCES deliveries (delivery_id)
)
 STRICT

;
INSERT INTO "receipts" VALUES('98dc2dff9530bec5d2db3d0f633646b4',1800000060,X'72656365697074');
CREATE TABLE sender_covers (
	deposit_id INTEGER NOT NULL, 
	cover_hash TEXT NOT NULL, 
	cover BLOB NOT NULL, 
	CONSTRAINT pk_sender_covers PRIMARY KEY (deposit_id), 
	CONSTRAINT fk_sender_covers_deposit_id FOREIGN KEY(deposit_id) REFERENCES deposits (deposit_id)
)
 STRICT

;
INSERT INTO "sender_covers" VALUES(1,'90b84b6654e3ad227fdf02b812e2e88af4d83eaf7b2d822e970a9050cd8b93f6',X'73656E6465722773206F776E20636F766572');
CREATE TABLE service_secrets (
	purpose TEXT NOT NULL, 
	value BLOB NOT NULL, 
	CONSTRAINT pk_service_secrets PRIMARY KEY (purpose)
)
 STRICT

;
CREATE TABLE sessions (
	token_hash TEXT NOT NULL, 
	account_number TEXT NOT NULL, 
	unlocker_id TEXT NOT NULL, 
	client TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	last_seen_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT ck_sessions_client CHECK (client IN ('browser', 'program')), 
	CONSTRAINT fk_sessions_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number), 
	CONSTRAINT fk_sessions_unlocker_id FOREIGN KEY(unlocker_id) REFERENCES unlockers (unlocker_id)
)
 STRICT

;
CREATE TABLE throttles (
	throttle_key TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	window_started_at INTEGER NOT NULL, 
	blocked_until INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	CONSTRAINT pk_throttles PRIMARY KEY (throttle_key)
)
 STRICT

;
CREATE TABLE unlockers (
	unlocker_id TEXT NOT NULL, 
	account_number TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	login_public_key BLOB NOT NULL, 
	wrapped_vault_key BLOB NOT NULL, 
	CONSTRAINT pk_unlockers PRIMARY KEY (unlocker_id), 
	CONSTRAINT ck_unlockers_kind CHECK (kind IN ('password', 'device')), 
	CONSTRAINT fk_unlockers_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number), 
	CONSTRAINT uq_unlockers_login_public_key UNIQUE (login_public_key)
)
 STRICT

;
INSERT INTO "unlockers" VALUES('71295227a36a9be4088285b9858ec5be','2059248180','device',X'47E969948604EB2733149CAE8FE8C07DF909ED6B9D581D701035B2B1FBD56F75',X'357208A262F16CBC3FA9E0AEDBAD3B22FF22412F4AF9724B97344DE6B6AD55D85FEAF02A1C56FFA98931B95787173984BDDB4B3C961EF28962B6DFCBE2480A448DED3E4ABCFEB26D');
INSERT INTO "unlockers" VALUES('f4b88231c2250551b27845d624db6cff','1195090725','password',X'A9ACE60B6AFC71FB395FB017A5EDB86DBEB73638C060973B4E3F9446D2BBFCA6',X'1278A4B1EBE6C822B9AC4E46E1C15EF837391B1096443E032B939E50B74FEF096247CB7CEF0C3DEC864FF6D9B8F7F807F1ECAC1FA8618D454CB9DA4AC61C1EDA33D0E93CD4F91BCD');
CREATE TABLE vaults (
	account_number TEXT NOT NULL, 
	generation INTEGER NOT NULL, 
	saved_at INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_vaults PRIMARY KEY (account_number), 
	CONSTRAINT fk_vaults_account_number FOREIGN KEY(account_number) REFERENCES accounts (account_number)
)
 STRICT

;
INSERT INTO "vaults" VALUES('2059248180',1,1800000000,X'ECABE6917166C8A4CC17E6212F2F610D99273C8ADA390D6B834DD119ED6BBF9F128A9A68889D390FAEAE6B07694A9FD702E76B0A2B951661DA0F2208964DCE2A75CE8EE008C43B77AC37C8EFEE419742FDCA775BDEADE8EEA0A5087410097C0EF98FCA62');
INSERT INTO "vaults" VALUES('1195090725',1,1800000000,X'A320DF3E3F669474C5DD62DFAB87999D6BC0ACBAE982E2A0B5B4B80F8CA2D6E70CA2DCF71EB3C59FB69BDAEAE32EB5A2A039158E3A5AFABA6F129C7DE758BD7083452942BDBDE4A1E9435A9923B574EE26423D5249FC1DA12B8B4D9DF735242F10FD0179');
CREATE INDEX ix_accounts_address ON accounts (address);
CREATE INDEX ix_accounts_fingerprint ON accounts (fingerprint);
CREATE INDEX ix_jobs_due ON jobs (state, run_at, job_id);
CREATE INDEX ix_nonces_expires_at ON nonces (expires_at);
CREATE INDEX ix_throttles_expires_at ON throttles (expires_at);
CREATE INDEX ix_admission_codes_expires_at ON admission_codes (expires_at);
CREATE INDEX ix_unlockers_account_number ON unlockers (account_number);
CREATE INDEX ix_deposits_sent ON deposits (member, stored_at DESC, document_id DESC);
CREATE INDEX ix_deposits_stale ON deposits (opened_at) WHERE state = 'uploading';
CREATE INDEX ix_invitations_account_number ON invitations (account_number);
CREATE INDEX ix_invitations_lookup ON invitations (organisation, address, created_at DESC);
CREATE UNIQUE INDEX uq_invitations_pending ON invitations (organisation, address) WHERE status = 'pending';
CREATE INDEX ix_sessions_account_number ON sessions (account_number);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_attestations_invitation_id ON attestations (invitation_id);
CREATE INDEX ix_claim_sessions_expires_at ON claim_sessions (expires_at);
CREATE INDEX ix_claim_sessions_invitation_id ON claim_sessions (invitation_id);
CREATE INDEX ix_deliveries_invitation_id ON deliveries (invitation_id);
CREATE INDEX ix_deliveries_mailbox ON deliveries (account_number, stored_at DESC, delivery_id DESC);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',4);
INSERT INTO "sqlite_sequence" VALUES('deposits',1);
COMMIT;
