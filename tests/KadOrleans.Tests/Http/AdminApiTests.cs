namespace KadOrleans.Tests.Http;

public sealed class AdminApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private readonly ApiHost _api = host.Reset();

    private static string Key { get; } = NodeId.FromKey("key").ToString();

    [Fact]
    public async Task Keys_and_publications_are_listed_from_a_page_on()
    {
        await _api.ShowsAsync(
            $$"""
            {"keys":[{"digest":"{{Key}}","type":"string","bytes":7,"source":"192.0.2.7","storedAt":"2026-11-01T00:00:00+00:00"}],"next":"{{Key}}"}
            """,
            "GET", $"/v1/admin/keys?prefix=A6&after={NodeId.MinValue}&count=7");
        await _api.JsonAsync("GET", "/v1/admin/keys");
        await _api.ShowsAsync(
            $$"""{"publications":[{"digest":"{{Key}}","bytes":7,"publishedAt":"2026-11-01T00:00:00+00:00"}]}""",
            "GET", $"/v1/admin/publications?after={NodeId.MinValue}&count=3");

        Assert.Equal([$"Scan A6 {NodeId.MinValue} 7", "Scan   100", $"ScanPublications {NodeId.MinValue} 3"], _api.Admin.Calls);
    }

    [Fact]
    public async Task A_key_is_described_and_what_strangers_stored_stays_text()
    {
        using var response = await _api.SendAsync("GET", "/v1/admin/keys/key");
        Assert.DoesNotContain('<', await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await _api.ShowsAsync(
            """
            {"held":{"value":{"value":"<b>\u001b[2J"},"expiresAt":"2026-11-02T00:00:00+00:00"},
             "nearest":[{"holds":"value"},{"holds":"otherValue"},{"holds":"none"},{"holds":"noResponse"}]}
            """,
            "GET", $"/v1/admin/keys/{Key}?as=digest");
        await _api.JsonAsync("GET", "/v1/admin/keys/a%2Fb");
        Assert.Equal($"DescribeKey {NodeId.FromKey("a/b")}", _api.Admin.Calls.Last());
    }

    [Fact]
    public async Task A_deletion_is_in_the_audit_log_done_or_not()
    {
        _api.Admin.KeptUntil = new DateTimeOffset(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await _api.JsonAsync("DELETE", "/v1/admin/keys/key");
        Assert.Equal(
            "The key 'other' is neither held nor published here.",
            await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", "/v1/admin/keys/other"));
        _api.Admin.Failure = new DhtUnavailableException("The shard does not answer.");
        Assert.Equal("The shard does not answer.", await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "DELETE", "/v1/admin/keys/key"));

        await _api.ShowsAsync(
            $$"""
            {"entries":[
              {"who":"writer","action":"delete","target":"{{Key}}","succeeded":false,"result":"The shard does not answer."},
              {"who":"writer","action":"delete","succeeded":false,"result":"refused: The key 'other' is neither held nor published here."},
              {"who":"writer","action":"delete","target":"{{Key}}","succeeded":true,"result":"was held, was not published, was kept until 2040-01-02 03:04:05Z"}]}
            """,
            "GET", "/v1/admin/audit?count=3");
    }

    [Fact]
    public async Task An_operator_gets_and_puts_values_and_each_put_is_in_the_audit_log()
    {
        await _api.ShowsAsync("""{"stored":3}""", "PUT", "/v1/admin/keys/a%2Fb/value?wait=durable", """{"value":"hello"}""", _api.Manager);
        Assert.Equal($"durable {NodeId.FromKey("a/b")}", _api.Dht.Calls.Last());
        await _api.ShowsAsync("""{"value":"hello"}""", "GET", "/v1/admin/keys/a%2Fb/value", headers: _api.Manager);
        Assert.StartsWith(
            "No value was found for the key 'none'",
            await _api.FailAsync(HttpStatusCode.NotFound, "GET", "/v1/admin/keys/none/value", headers: _api.Manager),
            StringComparison.Ordinal);
        await _api.ShowsAsync(
            """{"results":[{"status":200},{"status":404}]}""",
            "POST", "/v1/admin/keys:batch", """{"operations":[{"op":"put","key":"c","value":1},{"op":"delete","key":"none"}]}""", _api.Manager);
        _api.Dht.Refusal = new SetResult { Refused = 2, Failed = 1 };
        var refusal = await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "PUT", "/v1/admin/keys/c/value", """{"value":2}""", headers: _api.Manager);

        Assert.Equal(
            [$"set {NodeId.FromKey("c")}: {refusal}", "batch 2 operations: 1 of 2 done", $"set {NodeId.FromKey("a/b")}: stored"], _api.Audit);
        Assert.Equal([("manager", true), ("manager", true), ("manager", false)], _api.Admin.Audit.Select(entry => (entry.Who, entry.Succeeded)));
        Assert.Equal(
            "The token 'manager' lacks the scope 'write'; it has view, manage.",
            await _api.FailAsync(HttpStatusCode.Forbidden, "PUT", "/v1/keys/c", """{"value":2}""", headers: _api.Manager));
    }

    [Theory]
    [InlineData(StoreResult.Outdated, HttpStatusCode.Conflict, true)]
    [InlineData(StoreResult.NotOwner, HttpStatusCode.Conflict, true)]
    [InlineData(null, HttpStatusCode.ServiceUnavailable, false)]
    public async Task A_put_that_did_nothing_is_refused_in_the_audit_log(StoreResult? local, HttpStatusCode status, bool isRefused)
    {
        _api.Dht.Refusal = new SetResult { Local = local, Failed = 1 };
        var sentence = await _api.FailAsync(status, "PUT", "/v1/admin/keys/a/value", """{"value":2}""");

        Assert.Equal($"set {NodeId.FromKey("a")}: {(isRefused ? "refused: " : string.Empty)}{sentence}", _api.Audit.First());
        Assert.False(_api.Admin.Audit.Last().Succeeded);
        var logged = $"Audit: 'writer' set {NodeId.FromKey("a")} {(isRefused ? "was refused" : "failed and may have been done in part")}: ";
        Assert.Contains(_api.Log.Events, one => one.Text.StartsWith(logged, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "The body is empty; JSON is needed, ")]
    [InlineData("{", "The body is not the JSON that is needed: ")]
    public async Task A_body_that_is_no_json_is_refused_in_the_audit_log(string body, string sentence)
    {
        await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", "/v1/admin/keys/a/value", body);

        Assert.StartsWith($"set {NodeId.FromKey("a")}: refused: {sentence}", _api.Audit.First(), StringComparison.Ordinal);
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

        await _api.ShowsAsync("""{"entries":[{"number":4},{"number":3}],"next":3}""", "GET", "/v1/admin/audit?count=2");
        await _api.ShowsAsync("""{"entries":[{},{},{}],"next":null}""", "GET", "/v1/admin/audit?count=10&before=3");
    }

    [Fact]
    public async Task A_lookup_is_told_query_by_query()
    {
        await _api.ShowsAsync(
            """
            {"reason":"valueFound","milliseconds":12.5,"value":{"text":"<b>\u001b[2J"},
             "queries":[{"result":"pending","took":null},{"result":"value","namedBy":0,"took":3}]}
            """,
            "POST", "/v1/admin/lookups", """{"target":"key","kind":"value"}""");
        Assert.Equal($"TraceLookup {Key} Value", _api.Admin.Calls.Last());
    }

    [Fact]
    public async Task Usage_sources_and_table_are_told()
    {
        await _api.ShowsAsync("""{"keys":3,"kept":2,"mostKept":100,"shards":[{"bytes":400,"kept":2}],"missing":[1]}""", "GET", "/v1/admin/usage");
        Assert.Equal(
            """{"keys":9,"bytes":900,"sources":[{"source":"192.0.2.7","proven":false,"keys":2,"bytes":600},{"source":"trusted","proven":false,"keys":4,"bytes":100}],"others":"""
            + """{"keys":3,"bytes":200,"mostKeys":1,"mostBytes":150},"missing":[1]}""",
            (await _api.JsonAsync("GET", "/v1/admin/usage/sources?count=500")).GetRawText());
        Assert.Equal("GetSources 500", _api.Admin.Calls.Last());
        await _api.ShowsAsync(
            """{"buckets":[{"depth":0,"replacements":2,"contacts":[{"endpoint":"192.0.2.1:8468"}]}]}""", "GET", $"/v1/admin/table?id={NodeId.MaxValue}");
    }

    [Fact]
    public async Task Edges_are_listed_and_changed()
    {
        await _api.ShowsAsync("""{"edges":[{"name":"edge-<b>","state":"silent","epoch":7}]}""", "GET", "/v1/admin/edges");
        foreach (var action in new[] { "drain", "resume", "rotateIds", "forget" })
        {
            await _api.ShowsAsync("""{"changed":true}""", "POST", $"/v1/admin/edges/edge-1:{action}");
        }

        Assert.Equal("The edge 'live' is live.", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", "/v1/admin/edges/live:forget"));
        await _api.ShowsAsync("""{"count":16}""", "GET", "/v1/admin/shards");
        await _api.ShowsAsync("""{"split":1}""", "POST", "/v1/admin/shards:double", """{"count":16}""");
        Assert.Equal(
            ["double shards", "forget edge", "forget edge", "rotateIds edge", "resume edge", "drain edge"],
            _api.Admin.Audit.Reverse().Select(entry => entry.Action));
    }

    [Fact]
    public async Task Silos_are_listed_with_what_is_known_of_them()
    {
        using var response = await _api.SendAsync("GET", "/v1/admin/silos");
        Assert.Equal(
            """{"silos":[{"address":"S192.0.2.1:11111:7","name":"silo-\u003Cb\u003E","state":"Active","startedAt":"2026-11-01T00:00:00+00:00","lastHeard":"2026-11-01T01:00:00+00:00","clockDifference":-20.125,"version":"1.2.3","isReady":false,"reason":"clock skew","hasEdgeDirectory":true,"node":null,"shards":16,"residentBytes":300000000,"end":null,"endedAt":null,"isLost":false},"""
            + """{"address":"S192.0.2.2:11111:6","name":null,"state":"Dead","startedAt":null,"lastHeard":"2026-11-01T00:00:00+00:00","clockDifference":null,"version":null,"isReady":false,"reason":null,"hasEdgeDirectory":false,"node":null,"shards":null,"residentBytes":null,"end":"declaredDead","endedAt":"2026-11-01T00:00:00+00:00","isLost":true}]}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_shard_is_found_by_its_number_and_by_a_key()
    {
        await _api.ShowsAsync(
            """{"number":5,"name":"shard 5","silos":["S192.0.2.1:11111:7"],"missing":["S192.0.2.2:11111:6"]}""",
            "GET", "/v1/admin/keys/a%2Fb/shard");
        Assert.Equal($"FindShard {NodeId.FromKey("a/b")}", _api.Admin.Calls.Last());
        await _api.JsonAsync("GET", $"/v1/admin/keys/{NodeId.MaxValue}/shard?as=digest");
        Assert.Equal($"FindShard {NodeId.MaxValue}", _api.Admin.Calls.Last());
        await _api.ShowsAsync("""{"silos":[]}""", "GET", "/v1/admin/shards/15");
    }

    [Fact]
    public async Task A_contact_is_described_and_dropped_and_work_is_begun()
    {
        var path = $"/v1/admin/contacts/{NodeId.MaxValue}";
        await _api.ShowsAsync("""{"contacts":[{"firstSeen":"2026-11-01T00:00:00+00:00","failures":2}]}""", "GET", path);
        await _api.ShowsAsync("""{"tables":2}""", "DELETE", path);
        Assert.Equal(
            $"The contact {NodeId.MinValue} is in no table.", await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", $"/v1/admin/contacts/{NodeId.MinValue}"));
        await _api.ShowsAsync("""{"begun":4}""", "POST", "/v1/admin/work:refresh");
    }

    [Fact]
    public async Task Bans_are_listed_made_and_ended()
    {
        await _api.ShowsAsync("""{"bans":[{"ban":"203.0.113.0/24"}],"missing":["edge-<b>"]}""", "GET", "/v1/admin/bans");
        await _api.ShowsAsync("""{"bans":[{"ban":"203.0.113.0/24"}]}""", "GET", "/v1/admin/bans?ban=203.0.113.9%2F24");
        await _api.ShowsAsync("""{"bans":[]}""", "GET", "/v1/admin/bans?ban=198.51.100.7");
        Assert.StartsWith("ban is 'nobody'; ", await _api.FailAsync(HttpStatusCode.BadRequest, "GET", "/v1/admin/bans?ban=nobody"), StringComparison.Ordinal);
        await _api.ShowsAsync("""{"ban":"198.51.100.7/32","changed":true,"missing":["edge-2"]}""", "PUT", "/v1/admin/bans", """{"ban":"198.51.100.7"}""");
        await _api.ShowsAsync("""{"changed":true}""", "DELETE", "/v1/admin/bans?ban=203.0.113.0%2F24");
        Assert.Equal("'203.0.113.0/25' is not banned.", await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", "/v1/admin/bans?ban=203.0.113.9/25"));
        Assert.Equal("The ban is this DHT's own id.", await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", "/v1/admin/bans", $$"""{"ban":"{{NodeId.MaxValue}}"}"""));

        Assert.Equal(
            [
                $"ban {NodeId.MaxValue}: refused: The ban is this DHT's own id.", "unban 203.0.113.0/25: was not banned", "unban 203.0.113.0/24: unbanned",
                "ban 198.51.100.7/32: banned, not yet on edge-2",
            ],
            _api.Audit);
    }

    [Fact]
    public async Task Limits_are_listed_changed_and_set_back()
    {
        var list = await _api.JsonAsync("GET", "/v1/admin/limits");
        Assert.Equal(
            """{"name":"totalKeys","unit":"keys","setting":1000000,"value":7,"since":"2026-11-01T00:00:00+00:00","least":0,"most":5000000,"usual":null}""",
            list.GetProperty("limits")[0].GetRawText());
        var upload = list.GetProperty("limits").EnumerateArray().Single(limit => limit.GetProperty("name").GetString() == "upload");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (upload.GetProperty("setting").ValueKind, upload.GetProperty("value").ValueKind));
        Assert.Equal(0, upload.GetProperty("usual").GetInt64());
        Assert.Equal("edge-<b>", list.GetProperty("missing")[0].GetString());

        _api.Admin.Unfollowing = ["edge-2"];
        await WhileTimePassesAsync(_api.ShowsAsync(
            """{"name":"totalKeys","value":5,"changed":true,"missing":["edge-2"]}""", "PUT", "/v1/admin/limits/totalkeys", """{"value":5}"""));
        await WhileTimePassesAsync(_api.ShowsAsync("""{"changed":false}""", "PUT", "/v1/admin/limits/totalKeys", """{"value":7}"""));
        await WhileTimePassesAsync(_api.ShowsAsync("""{"value":null}""", "DELETE", "/v1/admin/limits/totalKeys"));
        Assert.Equal("The limit is 0.", await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", "/v1/admin/limits/totalKeys", """{"value":0}"""));

        Assert.Equal(
            [
                "limit totalKeys: refused: The limit is 0.", "limit totalKeys: set back to the setting, not yet on edge-2",
                "limit totalKeys: set to 7, as it was, not yet on edge-2", "limit totalKeys: set to 5, not yet on edge-2",
            ],
            _api.Audit);
    }

    [Fact]
    public async Task A_change_of_a_limit_ends_when_all_follow_it_and_the_audit_log_says_so()
    {
        _api.Admin.Unfollowing = [];
        await WhileTimePassesAsync(_api.ShowsAsync("""{"changed":true,"missing":[]}""", "PUT", "/v1/admin/limits/totalKeys", """{"value":5}"""));

        Assert.Equal(["limit totalKeys: set to 5"], _api.Audit);
    }

    private async Task WhileTimePassesAsync(Task task)
    {
        while (await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(20))) != task)
        {
            _api.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await task;
    }

    [Theory]
    [InlineData("PUT", "totalKeys", HttpStatusCode.BadRequest, "The value is missing; {\"value\":…} with a whole number is needed.", "{}")]
    [InlineData("PUT", "totalKeys", HttpStatusCode.BadRequest, "value is '99999999999999999999'; a whole number is needed.", "{\"value\":99999999999999999999}")]
    [InlineData("PUT", "totalKeys", HttpStatusCode.BadRequest, "value is '\"5\"'; a whole number is needed.", "{\"value\":\"5\"}")]
    [InlineData("PUT", "totalKeys", HttpStatusCode.BadRequest, "The field 'valeu' is unknown; did you mean 'value'?", "{\"valeu\":5}")]
    [InlineData("PUT", "totalKeys?value=5", HttpStatusCode.BadRequest, "The parameter 'value' is unknown; none is allowed here.", "{\"value\":5}")]
    [InlineData("PUT", "%1B%5B2J", HttpStatusCode.NotFound, "There is no limit '␛[2J'; totalKeys, totalBytes, ", "{\"value\":1}")]
    [InlineData("DELETE", "nothing", HttpStatusCode.NotFound, "There is no limit 'nothing'; totalKeys, totalBytes, ")]
    public async Task A_limit_that_is_none_is_refused_in_a_sentence(string method, string path, HttpStatusCode status, string start, string? body = null)
    {
        Assert.StartsWith(start, await _api.FailAsync(status, method, $"/v1/admin/limits/{path}", body), StringComparison.Ordinal);
        Assert.Empty(_api.Admin.Calls);
    }

    [Theory]
    [InlineData("GET", "keys?prefix=xyz", "The prefix is 'xyz'; 0 to 40 hexadecimal digits are allowed.")]
    [InlineData("GET", "keys?count=1001", "count is '1001'; 1 to 1000 is allowed.")]
    [InlineData("GET", "keys?count=x", "count is 'x'; 1 to 1000 is allowed.")]
    [InlineData("GET", "keys?after=ff", "after is 'ff'; 40 hexadecimal digits are needed.")]
    [InlineData("GET", "table?id=0000000000000000000000000000000000000000", "The node id 0000000000000000000000000000000000000000 is not this node's.")]
    [InlineData("GET", "audit?count=0", "count is '0'; 1 to 1000 is allowed.")]
    [InlineData("GET", "audit?before=x", "before is 'x'; a whole number is needed.")]
    [InlineData("GET", "usage/sources?count=501", "count is '501'; 1 to 500 is allowed.")]
    [InlineData("GET", "shards/16", "The shard is 16; 0 to 15 is allowed.")]
    [InlineData("GET", "shards/-1", "The shard is '-1'; a whole number from 0 is needed.")]
    [InlineData("GET", "contacts/x", "id is 'x'; 40 hexadecimal digits are needed.")]
    [InlineData("POST", "shards:double", "The count is missing; {\"count\":…} with the present number of shards is needed.", "{}")]
    [InlineData("POST", "shards:double", "The cluster has 16 shards, not 8.", "{\"count\":8}")]
    [InlineData("PUT", "bans", "ban is '10.0.0.0/7'", "{\"ban\":\"10.0.0.0/7\"}")]
    [InlineData("PUT", "bans", "ban is ''", "{}")]
    [InlineData("PUT", "bans", "The field 'bans' is unknown; did you mean 'ban'?", "{\"bans\":\"10.0.0.1\"}")]
    [InlineData("DELETE", "bans?bna=10.0.0.1", "The parameter 'bna' is unknown; did you mean 'ban'?")]
    [InlineData("GET", "keys?prefx=00", "The parameter 'prefx' is unknown; did you mean 'prefix'?")]
    [InlineData("GET", "keys/key?count=1", "The parameter 'count' is unknown; as is allowed.")]
    [InlineData("POST", "lookups", "The field 'knd' is unknown; did you mean 'kind'?", "{\"target\":\"key\",\"knd\":\"node\"}")]
    [InlineData("POST", "lookups", "kind is 'all'; node or value is allowed.", """{"target":"key","kind":"all"}""")]
    [InlineData("POST", "lookups", "The key has 0 characters; 1 to 1024 are allowed.", """{"kind":"node"}""")]
    [InlineData("POST", "lookups", "The key 'key' is no digest; 40 hexadecimal digits are needed.", """{"target":"key","as":"digest","kind":"node"}""")]
    [InlineData("POST", "lookups", """The body is no object; {"target":…,"kind":"node"} is needed.""", "[]")]
    public async Task An_argument_that_is_wrong_is_refused_in_a_sentence(string method, string path, string start, string? body = null) =>
        Assert.StartsWith(start, await _api.FailAsync(HttpStatusCode.BadRequest, method, $"/v1/admin/{path}", body), StringComparison.Ordinal);

    [Theory]
    [InlineData("GET", "view", "keys", "keys/key", "usage", "table", "audit", "bans", "limits", "values")]
    [InlineData("DELETE", "manage", "keys/key")]
    [InlineData("POST", "manage", "values")]
    public async Task A_token_without_the_scope_neither_views_nor_manages(string method, string scope, params string[] paths)
    {
        foreach (var path in paths)
        {
            Assert.Equal(
                $"The token 'reader' lacks the scope '{scope}'; it has read.",
                await _api.FailAsync(HttpStatusCode.Forbidden, method, $"/v1/admin/{path}", headers: _api.Reader));
        }

        Assert.Empty(_api.Admin.Calls);
    }
}
