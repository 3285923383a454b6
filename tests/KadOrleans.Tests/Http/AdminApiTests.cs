using System.Text.Json;
namespace KadOrleans.Tests.Http;

public sealed class AdminApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task Keys_are_listed_by_a_prefix_and_from_a_page_on()
    {
        var page = await _api.JsonAsync("GET", $"/v1/admin/keys?prefix=A6&after={NodeId.MinValue}&count=7");

        var key = Assert.Single(page.GetProperty("keys").EnumerateArray());
        Assert.Equal(NodeId.FromKey("key").ToString(), key.GetProperty("digest").GetString());
        Assert.Equal(("string", 7, "192.0.2.7"), (key.GetProperty("type").GetString(), key.GetProperty("bytes").GetInt32(), key.GetProperty("source").GetString()));
        Assert.Equal(FakeAdmin.StoredAt, key.GetProperty("storedAt").GetDateTimeOffset());
        Assert.Equal(NodeId.FromKey("key").ToString(), page.GetProperty("next").GetString());
        await _api.JsonAsync("GET", "/v1/admin/keys");
        Assert.Equal([$"scan 'A6' {NodeId.MinValue} 7", "scan ''  100"], _api.Admin.Calls);
    }

    [Fact]
    public async Task Publications_are_listed_from_a_page_on()
    {
        var page = await _api.JsonAsync("GET", $"/v1/admin/publications?after={NodeId.MinValue}&count=3");

        var publication = Assert.Single(page.GetProperty("publications").EnumerateArray());
        Assert.Equal((NodeId.FromKey("key").ToString(), 7), (publication.GetProperty("digest").GetString(), publication.GetProperty("bytes").GetInt32()));
        Assert.Equal(FakeAdmin.StoredAt, publication.GetProperty("publishedAt").GetDateTimeOffset());
        Assert.Equal($"publications {NodeId.MinValue} 3", _api.Admin.Calls.Last());
    }

    [Fact]
    public async Task A_key_is_described_and_what_strangers_stored_stays_text()
    {
        using var response = await _api.SendAsync("GET", "/v1/admin/keys/key");
        Assert.DoesNotContain('<', await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var details = await _api.JsonAsync("GET", $"/v1/admin/keys/{NodeId.FromKey("key")}?as=digest");

        Assert.Equal("<b>\u001b[2J", details.GetProperty("held").GetProperty("value").GetProperty("value").GetString());
        Assert.Equal(FakeAdmin.StoredAt.AddDays(1), details.GetProperty("held").GetProperty("expiresAt").GetDateTimeOffset());
        Assert.Equal(
            ["value", "otherValue", "none", "noResponse"],
            details.GetProperty("nearest").EnumerateArray().Select(holder => holder.GetProperty("holds").GetString()));
        await _api.JsonAsync("GET", "/v1/admin/keys/a%2Fb");
        Assert.Equal($"describe {NodeId.FromKey("a/b")}", _api.Admin.Calls.Last());
    }

    [Fact]
    public async Task A_deletion_is_in_the_audit_log_done_or_not()
    {
        await _api.JsonAsync("DELETE", "/v1/admin/keys/key");
        Assert.Equal(
            "The key 'other' is neither held nor published here.",
            await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", "/v1/admin/keys/other"));
        _api.Admin.Failure = new DhtUnavailableException("The shard does not answer.");
        Assert.Equal("The shard does not answer.", await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "DELETE", "/v1/admin/keys/key"));

        var entries = (await _api.JsonAsync("GET", "/v1/admin/audit?count=3")).GetProperty("entries").EnumerateArray().ToList();
        Assert.All(entries, entry => Assert.Equal(("writer", "delete"), (entry.GetProperty("who").GetString(), entry.GetProperty("action").GetString())));
        Assert.Equal(
            [("The shard does not answer.", false), ("was not held, was not published", true), ("was held, was not published", true)],
            entries.Select(entry => (entry.GetProperty("result").GetString()!, entry.GetProperty("succeeded").GetBoolean())));
        Assert.Equal(NodeId.FromKey("key").ToString(), entries[0].GetProperty("target").GetString());
        Assert.Single((await _api.JsonAsync("GET", "/v1/admin/audit?count=1")).GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task An_operator_gets_and_puts_values_and_each_put_is_in_the_audit_log()
    {
        var manager = ("Authorization", $"Bearer {_api.ManagerToken}");
        Assert.Equal(3, (await _api.JsonAsync("PUT", "/v1/admin/keys/a%2Fb/value?wait=durable", """{"value":"hello"}""", manager)).GetProperty("stored").GetInt32());
        Assert.Equal($"durable {NodeId.FromKey("a/b")}", _api.Dht.Calls.Last());
        Assert.Equal("hello", (await _api.JsonAsync("GET", "/v1/admin/keys/a%2Fb/value", headers: manager)).GetProperty("value").GetString());
        Assert.StartsWith("No value was found for the key 'none'", await _api.FailAsync(HttpStatusCode.NotFound, "GET", "/v1/admin/keys/none/value", headers: manager), StringComparison.Ordinal);
        var results = (await _api.JsonAsync(
            "POST", "/v1/admin/keys:batch", """{"operations":[{"op":"put","key":"c","value":1},{"op":"delete","key":"none"}]}""", manager)).GetProperty("results");
        Assert.Equal([200, 404], results.EnumerateArray().Select(result => result.GetProperty("status").GetInt32()));
        _api.Dht.RefusesValues = true;
        var refusal = await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "PUT", "/v1/admin/keys/c/value", """{"value":2}""", headers: manager);

        var entries = (await _api.JsonAsync("GET", "/v1/admin/audit")).GetProperty("entries").EnumerateArray();
        Assert.Equal(
            [
                ("manager", "set", NodeId.FromKey("c").ToString(), false, VisibleText.Excerpt(refusal)),
                ("manager", "batch", "2 operations", true, "1 done"),
                ("manager", "set", NodeId.FromKey("a/b").ToString(), true, "stored"),
            ],
            entries.Select(entry => (
                entry.GetProperty("who").GetString()!, entry.GetProperty("action").GetString()!, entry.GetProperty("target").GetString()!,
                entry.GetProperty("succeeded").GetBoolean(), entry.GetProperty("result").GetString()!)));
        Assert.Equal(
            "The token 'manager' lacks the scope 'write'; it has view, manage.",
            await _api.FailAsync(HttpStatusCode.Forbidden, "PUT", "/v1/keys/c", """{"value":2}""", headers: manager));
    }

    [Fact]
    public async Task The_audit_log_is_read_in_pages_and_a_change_is_made_even_if_its_entry_cannot_be_kept()
    {
        for (var i = 0; i < 5; i++)
        {
            using var response = await _api.SendAsync("DELETE", $"/v1/admin/keys/{i}");
        }

        _api.Admin.AuditFailure = new DhtUnavailableException("The disk is full.");
        await _api.JsonAsync("DELETE", "/v1/admin/keys/key");

        var page = await _api.JsonAsync("GET", "/v1/admin/audit?count=2");
        Assert.Equal([4, 3], page.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("number").GetInt32()));
        var last = await _api.JsonAsync("GET", $"/v1/admin/audit?count=10&before={page.GetProperty("next").GetInt32()}");
        Assert.Equal(3, last.GetProperty("entries").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, last.GetProperty("next").ValueKind);
        Assert.Equal("before is 'x'; a whole number is needed.", await _api.FailAsync(HttpStatusCode.BadRequest, "GET", "/v1/admin/audit?before=x"));
    }

    [Fact]
    public async Task A_lookup_is_told_query_by_query()
    {
        var lookup = await _api.JsonAsync("POST", "/v1/admin/lookups", """{"target":"key","kind":"value"}""");

        Assert.Equal(("valueFound", 12.5), (lookup.GetProperty("reason").GetString(), lookup.GetProperty("milliseconds").GetDouble()));
        Assert.Equal("<b>\u001b[2J", lookup.GetProperty("value").GetProperty("text").GetString());
        var queries = lookup.GetProperty("queries").EnumerateArray().ToList();
        Assert.Equal(["pending", "value"], queries.Select(query => query.GetProperty("result").GetString()));
        Assert.Equal((0, 3), (queries[1].GetProperty("namedBy").GetInt32(), queries[1].GetProperty("took").GetDouble()));
        Assert.Equal(JsonValueKind.Null, queries[0].GetProperty("took").ValueKind);
        Assert.Equal($"lookup {NodeId.FromKey("key")} Value", _api.Admin.Calls.Last());
    }

    [Theory]
    [InlineData("kind is 'all'; node or value is allowed.", """{"target":"key","kind":"all"}""")]
    [InlineData("The key has 0 characters; 1 to 1024 are allowed.", """{"kind":"node"}""")]
    [InlineData("The key 'key' is no digest; 40 hexadecimal digits are needed.", """{"target":"key","as":"digest","kind":"node"}""")]
    [InlineData("""The body is no object; {"target":…,"kind":"node"} is needed.""", "[]")]
    public async Task A_wrong_lookup_is_refused_in_a_sentence(string expected, string body) =>
        Assert.Equal(expected, await _api.FailAsync(HttpStatusCode.BadRequest, "POST", "/v1/admin/lookups", body));

    [Fact]
    public async Task Usage_and_table_are_told()
    {
        var usage = await _api.JsonAsync("GET", "/v1/admin/usage");
        Assert.Equal((3, 400), (usage.GetProperty("keys").GetInt32(), usage.GetProperty("shards")[0].GetProperty("bytes").GetInt32()));
        Assert.Equal(1, usage.GetProperty("missing")[0].GetInt32());

        var table = await _api.JsonAsync("GET", $"/v1/admin/table?id={NodeId.MaxValue}");
        var bucket = table.GetProperty("buckets")[0];
        Assert.Equal((0, 2), (bucket.GetProperty("depth").GetInt32(), bucket.GetProperty("replacements").GetInt32()));
        Assert.Equal("192.0.2.1:8468", bucket.GetProperty("contacts")[0].GetProperty("endpoint").GetString());
    }

    [Fact]
    public async Task The_usage_by_source_has_others_and_a_bound()
    {
        var usage = await _api.JsonAsync("GET", "/v1/admin/usage/sources?count=500");

        Assert.Equal("sources 500", _api.Admin.Calls.Last());
        Assert.Equal(
            """{"keys":9,"bytes":900,"sources":[{"source":"192.0.2.7","keys":2,"bytes":600},{"source":"trusted","keys":4,"bytes":100}],"others":{"keys":3,"bytes":200,"mostKeys":1,"mostBytes":150},"missing":[1]}""",
            usage.GetRawText());
        Assert.Equal("count is '501'; 1 to 500 is allowed.", await _api.FailAsync(HttpStatusCode.BadRequest, "GET", "/v1/admin/usage/sources?count=501"));
    }

    [Fact]
    public async Task Edges_are_listed_and_changed()
    {
        var edge = (await _api.JsonAsync("GET", "/v1/admin/edges")).GetProperty("edges")[0];
        Assert.Equal(("edge-<b>", "silent", 7), (edge.GetProperty("name").GetString(), edge.GetProperty("state").GetString(), edge.GetProperty("epoch").GetInt32()));
        foreach (var action in new[] { "drain", "resume", "rotateIds", "forget" })
        {
            Assert.True((await _api.JsonAsync("POST", $"/v1/admin/edges/edge-1?action={action}")).GetProperty("changed").GetBoolean());
        }

        Assert.Equal("The edge 'live' is live.", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", "/v1/admin/edges/live?action=forget"));
        Assert.Equal(
            "action is 'stop'; drain, resume, rotateIds or forget is allowed.",
            await _api.FailAsync(HttpStatusCode.BadRequest, "POST", "/v1/admin/edges/live?action=stop"));
        Assert.Equal(16, (await _api.JsonAsync("GET", "/v1/admin/shards")).GetProperty("count").GetInt32());
        Assert.Equal(1, (await _api.JsonAsync("POST", "/v1/admin/shards:double")).GetProperty("split").GetInt32());
        Assert.Equal(
            ["double shards", "forget edge", "forget edge", "rotateIds edge", "resume edge", "drain edge"],
            (await _api.JsonAsync("GET", "/v1/admin/audit")).GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task Silos_are_listed_with_what_is_known_of_them()
    {
        using var response = await _api.SendAsync("GET", "/v1/admin/silos");
        Assert.Equal(
            """{"silos":[{"address":"S192.0.2.1:11111:7","name":"silo-\u003Cb\u003E","state":"Active","startedAt":"2026-11-01T00:00:00+00:00","lastHeard":"2026-11-01T01:00:00+00:00","clockDifference":-20.125,"version":"1.2.3","isReady":false,"reason":"clock skew","hasEdgeDirectory":true},"""
            + """{"address":"S192.0.2.2:11111:6","name":null,"state":"Dead","startedAt":null,"lastHeard":"2026-11-01T00:00:00+00:00","clockDifference":null,"version":null,"isReady":false,"reason":null,"hasEdgeDirectory":false}]}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_shard_is_found_by_its_number_and_by_a_key()
    {
        var shard = await _api.JsonAsync("GET", "/v1/admin/keys/a%2Fb/shard");
        Assert.Equal((5, "shard 0005"), (shard.GetProperty("number").GetInt32(), shard.GetProperty("name").GetString()));
        Assert.Equal("S192.0.2.1:11111:7", shard.GetProperty("silos")[0].GetString());
        Assert.Equal("S192.0.2.2:11111:6", shard.GetProperty("missing")[0].GetString());
        Assert.Equal($"shard of {NodeId.FromKey("a/b")}", _api.Admin.Calls.Last());
        await _api.JsonAsync("GET", $"/v1/admin/keys/{NodeId.MaxValue}/shard?as=digest");
        Assert.Equal($"shard of {NodeId.MaxValue}", _api.Admin.Calls.Last());
        Assert.Equal(0, (await _api.JsonAsync("GET", "/v1/admin/shards/15")).GetProperty("silos").GetArrayLength());
        Assert.Equal("The shard is 16; 0 to 15 is allowed.", await _api.FailAsync(HttpStatusCode.BadRequest, "GET", "/v1/admin/shards/16"));
        Assert.Equal("The shard is '-1'; a whole number from 0 is needed.", await _api.FailAsync(HttpStatusCode.BadRequest, "GET", "/v1/admin/shards/-1"));
    }

    [Fact]
    public async Task A_contact_is_described_and_dropped_and_work_is_begun()
    {
        var known = (await _api.JsonAsync("GET", $"/v1/admin/contacts/{NodeId.MaxValue}")).GetProperty("contacts")[0];
        Assert.Equal((FakeAdmin.StoredAt, 2), (known.GetProperty("firstSeen").GetDateTimeOffset(), known.GetProperty("failures").GetInt32()));
        Assert.Equal(2, (await _api.JsonAsync("DELETE", $"/v1/admin/contacts/{NodeId.MaxValue}")).GetProperty("tables").GetInt32());
        Assert.Equal(
            $"The contact {NodeId.MinValue} is in no table.", await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", $"/v1/admin/contacts/{NodeId.MinValue}"));
        Assert.Equal("id is 'x'; 40 hexadecimal digits are needed.", await _api.FailAsync(HttpStatusCode.BadRequest, "GET", "/v1/admin/contacts/x"));
        Assert.Equal(4, (await _api.JsonAsync("POST", "/v1/admin/run?work=refresh")).GetProperty("begun").GetInt32());
        Assert.Equal(
            "work is 'x'; refresh, walk or republish is allowed.", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", "/v1/admin/run?work=x"));
    }

    [Fact]
    public async Task Bans_are_listed_made_and_ended()
    {
        var list = await _api.JsonAsync("GET", "/v1/admin/bans");
        Assert.Equal("203.0.113.0/24", list.GetProperty("bans")[0].GetProperty("ban").GetString());
        Assert.Equal("edge-<b>", list.GetProperty("missing")[0].GetString());

        var change = await _api.JsonAsync("PUT", "/v1/admin/bans?ban=198.51.100.7");
        Assert.Equal(("198.51.100.7/32", true, "edge-2"), (change.GetProperty("ban").GetString(), change.GetProperty("changed").GetBoolean(), change.GetProperty("missing")[0].GetString()));
        Assert.True((await _api.JsonAsync("DELETE", "/v1/admin/bans?ban=203.0.113.0%2F24")).GetProperty("changed").GetBoolean());
        Assert.Equal("'203.0.113.0/25' is not banned.", await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", "/v1/admin/bans?ban=203.0.113.9/25"));
        Assert.Equal("The ban is this DHT's own id.", await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", $"/v1/admin/bans?ban={NodeId.MaxValue}"));

        var entries = (await _api.JsonAsync("GET", "/v1/admin/audit")).GetProperty("entries").EnumerateArray();
        Assert.Equal(
            ["ban: The ban is this DHT's own id.", "unban: was not banned", "unban: unbanned", "ban: banned, not yet on edge-2"],
            entries.Select(entry => $"{entry.GetProperty("action").GetString()}: {entry.GetProperty("result").GetString()}"));
    }

    [Fact]
    public async Task Limits_are_listed_changed_and_set_back()
    {
        var list = await _api.JsonAsync("GET", "/v1/admin/limits");
        var keys = list.GetProperty("limits")[0];
        Assert.Equal(
            ("totalKeys", "keys", 1_000_000, 7, 0, 5_000_000),
            (keys.GetProperty("name").GetString(), keys.GetProperty("unit").GetString(), keys.GetProperty("setting").GetInt64(), keys.GetProperty("value").GetInt64(), keys.GetProperty("least").GetInt64(), keys.GetProperty("most").GetInt64()));
        Assert.Equal(FakeAdmin.StoredAt, keys.GetProperty("since").GetDateTimeOffset());
        var upload = list.GetProperty("limits").EnumerateArray().Single(limit => limit.GetProperty("name").GetString() == "upload");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (upload.GetProperty("setting").ValueKind, upload.GetProperty("value").ValueKind));
        Assert.Equal("edge-<b>", list.GetProperty("missing")[0].GetString());

        var change = await _api.JsonAsync("PUT", "/v1/admin/limits/totalkeys?value=5");
        Assert.Equal(
            ("totalKeys", 5, true, "edge-2"),
            (change.GetProperty("name").GetString(), change.GetProperty("value").GetInt64(), change.GetProperty("changed").GetBoolean(), change.GetProperty("missing")[0].GetString()));
        Assert.False((await _api.JsonAsync("PUT", "/v1/admin/limits/totalKeys?value=7")).GetProperty("changed").GetBoolean());
        Assert.Equal(JsonValueKind.Null, (await _api.JsonAsync("DELETE", "/v1/admin/limits/totalKeys")).GetProperty("value").ValueKind);
        Assert.Equal("The limit is 0.", await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", "/v1/admin/limits/totalKeys?value=0"));

        var entries = (await _api.JsonAsync("GET", "/v1/admin/audit")).GetProperty("entries").EnumerateArray();
        Assert.Equal(
            [
                "limit totalKeys: The limit is 0.", "limit totalKeys: set back to the setting, not yet on edge-2",
                "limit totalKeys: set to 7, as it was, not yet on edge-2", "limit totalKeys: set to 5, not yet on edge-2",
            ],
            entries.Select(entry => $"{entry.GetProperty("action").GetString()} {entry.GetProperty("target").GetString()}: {entry.GetProperty("result").GetString()}"));
    }

    [Theory]
    [InlineData("PUT", "totalKeys", HttpStatusCode.BadRequest, "value is ''; a whole number is needed.")]
    [InlineData("PUT", "totalKeys?value=-1", HttpStatusCode.BadRequest, "value is '-1'; a whole number is needed.")]
    [InlineData("PUT", "totalKeys?value=1e3", HttpStatusCode.BadRequest, "value is '1e3'; a whole number is needed.")]
    [InlineData("PUT", "totalKeys?value=99999999999999999999", HttpStatusCode.BadRequest, "value is '99999999999999999999'; a whole number is needed.")]
    [InlineData("PUT", "%1B%5B2J?value=1", HttpStatusCode.NotFound, "There is no limit '␛[2J'; totalKeys, totalBytes, ")]
    [InlineData("DELETE", "nothing", HttpStatusCode.NotFound, "There is no limit 'nothing'; totalKeys, totalBytes, ")]
    public async Task A_limit_that_is_none_is_refused_in_a_sentence(string method, string path, HttpStatusCode status, string start)
    {
        Assert.StartsWith(start, await _api.FailAsync(status, method, $"/v1/admin/limits/{path}"), StringComparison.Ordinal);
        Assert.Empty(_api.Admin.Calls);
    }

    [Theory]
    [InlineData("?ban=10.0.0.0/7", "ban is '10.0.0.0/7'")]
    [InlineData("?ban=zz", "ban is 'zz'")]
    [InlineData("", "ban is ''")]
    public async Task A_ban_that_is_none_is_refused_in_a_sentence(string query, string start) =>
        Assert.StartsWith(start, await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", $"/v1/admin/bans{query}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("/v1/admin/keys?prefix=xyz", "The prefix is 'xyz'; 0 to 40 hexadecimal digits are allowed.")]
    [InlineData("/v1/admin/keys?count=1001", "count is '1001'; 1 to 1000 is allowed.")]
    [InlineData("/v1/admin/keys?count=x", "count is 'x'; 1 to 1000 is allowed.")]
    [InlineData("/v1/admin/keys?after=ff", "after is 'ff'; 40 hexadecimal digits are needed.")]
    [InlineData("/v1/admin/table?id=ff", "id is 'ff'; 40 hexadecimal digits are needed.")]
    [InlineData("/v1/admin/table?id=0000000000000000000000000000000000000000", "The node id 0000000000000000000000000000000000000000 is not this node's.")]
    [InlineData("/v1/admin/audit?count=0", "count is '0'; 1 to 1000 is allowed.")]
    public async Task An_argument_that_is_wrong_is_refused_in_a_sentence(string path, string expected) =>
        Assert.Equal(expected, await _api.FailAsync(HttpStatusCode.BadRequest, "GET", path));

    [Fact]
    public async Task A_token_without_the_scope_neither_views_nor_manages()
    {
        var reader = ("Authorization", $"Bearer {_api.ReaderToken}");

        foreach (var path in new[] { "keys", "keys/key", "usage", "table", "audit", "bans", "limits" })
        {
            Assert.Equal(
                "The token 'reader' lacks the scope 'view'; it has read.",
                await _api.FailAsync(HttpStatusCode.Forbidden, "GET", $"/v1/admin/{path}", headers: reader));
        }

        Assert.Equal(
            "The token 'reader' lacks the scope 'manage'; it has read.",
            await _api.FailAsync(HttpStatusCode.Forbidden, "DELETE", "/v1/admin/keys/key", headers: reader));
        Assert.Empty(_api.Admin.Calls);
    }
}
