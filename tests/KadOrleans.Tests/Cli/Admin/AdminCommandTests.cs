using System.CommandLine;

namespace KadOrleans.Tests.Cli;

/// <summary><c>kad admin</c> on a node of its own for each test.</summary>
public sealed class AdminCommandTests : IAsyncLifetime
{
    private readonly OperatedNode _operated = new();

    private TemporaryFolder Folder => _operated.Folder;

    private NodeProcess Node => _operated.Node;

    private string Url => _operated.Url;

    public ValueTask InitializeAsync() => _operated.InitializeAsync();

    public ValueTask DisposeAsync() => _operated.DisposeAsync();

    private Task<KadRun> RunAsync(params string[] args) => _operated.RunAsync(args);

    private Task<KadRun> DoneAsync(params string[] args) => _operated.DoneAsync(args);

    private Task<KadRun> FailAsync(int exitCode, string sentence, params string[] args) => _operated.FailAsync(exitCode, sentence, args);

    [Fact]
    public async Task A_key_is_set_listed_shown_and_deleted()
    {
        await DoneAsync("key", "set", "greeting", "hello\u001b[2J");
        await DoneAsync("key", "set", "a/b", "42", "--type", "int");

        Assert.Equal("hello\u001b[2J", (await DoneAsync("key", "get", "greeting")).Output);
        Assert.Equal("hello␛[2J\n", (await _operated.OnTerminalAsync("key", "get", "greeting")).Output);
        Assert.Equal(42, (await DoneAsync("key", "get", "a/b", "--json")).Json["value"]!.GetValue<int>());
        var keys = await DoneAsync("keys");
        Assert.Equal(
            new[] { NodeId.FromKey("a/b").ToString(), NodeId.FromKey("greeting").ToString() }.Order(), keys.Rows.Select(row => row[0]));
        var one = await DoneAsync("keys", "--count", "1", "--json");
        Assert.Single(one.Json["keys"]!.AsArray());
        Assert.Equal(keys.Rows[0][0], one.Json["next"]!.GetValue<string>());
        Assert.Equal(keys.Rows.Select(row => row[0]), (await DoneAsync("publications")).Rows.Select(row => row[0]));
        Assert.Contains("hello␛[2J", (await DoneAsync("key", "show", "greeting")).Output, StringComparison.Ordinal);
        Assert.Equal("Deleted: it was held, and was published.\n", (await DoneAsync("key", "delete", "greeting")).Output);
        await FailAsync(ExitCode.Failed, "The key 'greeting' is neither held nor published here.", "key", "delete", "greeting");
        Assert.Equal("1", (await DoneAsync("usage")).Rows[^1][1]);
        Assert.Equal("delete", (await DoneAsync("audit", "--count", "1")).Rows[0][3]);
    }

    [Fact]
    public async Task A_key_is_set_for_a_time()
    {
        await DoneAsync("key", "set", "session", "token", "--life", "3600");
        await DoneAsync("key", "set", "--digest", NodeId.FromKey("other").ToString(), "token", "--life", "60");

        var held = (await DoneAsync("key", "show", "session", "--json")).Json["held"]!;
        Assert.Equal(3600, (held["expiresAt"]!.GetValue<DateTimeOffset>() - held["storedAt"]!.GetValue<DateTimeOffset>()).TotalSeconds, 1.0);
        Assert.Empty((await DoneAsync("publications", "--json")).Json["publications"]!.AsArray());
        await FailAsync(ExitCode.Failed, "The value of the key 'session' was not stored: another one is published here, or lives longer.", "key", "set", "session", "another", "--life", "60");
    }

    [Fact]
    public async Task A_key_is_given_as_text_or_as_its_digest()
    {
        var digest = NodeId.FromKey("answer").ToString();
        await DoneAsync("key", "set", "--digest", digest, "--type", "int", "42");
        Assert.Equal("42\n", (await DoneAsync("key", "get", "answer")).Output);
        Assert.Equal("42\n", (await DoneAsync("key", "get", "--digest", digest)).Output);

        foreach (var (args, sentence) in new (string[], string)[]
        {
            ([], "No key is given; KEY or --digest HEX is needed.\n"),
            (["answer"], "The key 'answer' has no VALUE; KEY VALUE, --digest HEX VALUE, or --file PATH, is needed.\n"),
            (["--digest", digest], "No value is given; VALUE or --file PATH is needed.\n"),
            (["answer", "42", "--digest", digest], $"Both the key 'answer' and --digest '{digest}' are given; one of them is needed.\n"),
        })
        {
            var run = await RunAsync(["key", "set", .. args]);
            Assert.Equal((ExitCode.WrongUsage, sentence), (run.ExitCode, run.Error));
        }
    }

    [Fact]
    public async Task The_words_that_people_type_first_are_understood()
    {
        Assert.Equal("Stored here, and published again each day.\n", (await DoneAsync("set", "greeting", "hello")).Output);
        Assert.Equal("hello", (await DoneAsync("get", "greeting")).Output);
        Assert.Equal("203.0.113.0/24 is banned.\n", (await DoneAsync("ban", "add", "203.0.113.0/24")).Output);
        Assert.Equal("203.0.113.0/24 is no longer banned.\n", (await DoneAsync("ban", "remove", "203.0.113.0/24")).Output);
        Assert.Equal("totalKeys is 5.\n", (await DoneAsync("limit", "set", "totalKeys", "5")).Output);
    }

    [Fact]
    public async Task A_set_says_where_the_value_is()
    {
        await using var second = await NodeProcess.StartAsync("--in-memory", "--bootstrap", Node.Address);
        await second.HasContactsAsync(1);

        Assert.Equal("Stored here and on 1 other node, and published again each day.\n", (await DoneAsync("set", "greeting", "hello")).Output);
        Assert.Equal("Stored here and on 1 other node.\n", (await DoneAsync("set", "session", "token", "--life", "60")).Output);
    }

    [Fact]
    public async Task The_node_is_described()
    {
        Assert.Equal(Node.Id, (await DoneAsync("status")).Rows[0][1]);
        Assert.Equal(Node.Id, (await DoneAsync("lookup", "greeting", "--json")).Json["from"]!.GetValue<string>());
        Assert.Equal(Node.Id, (await DoneAsync("table", "--json")).Json["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_file_of_values_is_imported_twice()
    {
        File.WriteAllLines(Folder["keys.jsonl"], Enumerable.Range(0, 100).Select(i => $$"""{"key":"key {{i}}","value":{{i}}}"""));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("100 values were stored.\n", (await DoneAsync("import", Folder["keys.jsonl"])).Output);
        }

        Assert.Equal("100", (await DoneAsync("usage")).Rows[^1][1]);
        var sources = (await DoneAsync("sources")).Rows;
        Assert.Equal([["trusted", "100"], ["all", "100"]], sources.Select(row => row[..2]));
        Assert.Equal(sources[0][2], sources[1][2]);
        await FailAsync(ExitCode.WrongUsage, "count is '501'; 1 to 500 is allowed.", "sources", "--count", "501");
        File.WriteAllText(Folder["keys.jsonl"], "{\"key\":\"other\",\"value\":1}\nno JSON\n");
        await FailAsync(ExitCode.WrongUsage, "FILE: line 2 is no JSON object of at most 65536 characters.", "import", Folder["keys.jsonl"]);
    }

    [Fact]
    public async Task An_import_of_more_values_than_the_tokens_rate_gets_through()
    {
        const int Count = 2_500;
        await TransferCommandTests.WriteAsync(Folder["values.json"], Enumerable.Range(0, Count).Select(i => DhtValue.FromInteger(i)));

        var run = await DoneAsync("import", Folder["values.json"], "--json");

        Assert.Equal(Count, run.Json["imported"]!.GetValue<int>());
        Assert.Equal(["1000 values", "1000 values", "500 values"], (await DoneAsync("audit")).Rows.Select(row => row[4]).Order());
    }

    [Fact]
    public async Task A_crawl_that_fails_is_told_and_work_is_begun()
    {
        // It knows no other node.
        var crawl = await RunAsync("crawl", "start", "--json");
        Assert.Equal((ExitCode.Failed, "No node answered."), (crawl.ExitCode, crawl.Json["error"]!["message"]!.GetValue<string>()));
        var failed = (await DoneAsync("crawl", "list")).Rows[0];
        Assert.Equal("failed", failed[1]);
        Assert.Contains("failed", (await DoneAsync("crawl", "show", failed[0])).Output, StringComparison.Ordinal);
        Assert.StartsWith("Begun by 1;", (await DoneAsync("run", "walk")).Output, StringComparison.Ordinal);
        Assert.Empty((await DoneAsync("edges", "list", "--json")).Json["edges"]!.AsArray());
        await FailAsync(ExitCode.Failed, $"The contact {new string('f', 40)} is in no table.", "contact", "drop", new string('f', 40));
        await FailAsync(ExitCode.WrongUsage, "This is one node, which has no shards; a cluster has.", "shards", "show");
    }

    [Fact]
    public async Task Bans_are_made_listed_and_ended()
    {
        Assert.Equal("203.0.113.0/24 is banned.\n", (await DoneAsync("bans", "add", "203.0.113.9/24")).Output);
        Assert.Equal("203.0.113.0/24", (await DoneAsync("bans", "list")).Rows[0][0]);
        Assert.True((await DoneAsync("bans", "remove", "203.0.113.0/24", "--json")).Json["changed"]!.GetValue<bool>());
        var wrong = await RunAsync("bans", "add", "0.0.0.0/0", "--json");
        Assert.Equal((ExitCode.WrongUsage, "wrongUsage"), (wrong.ExitCode, wrong.Json["error"]!["code"]!.GetValue<string>()));
        Assert.StartsWith("ban is '0.0.0.0/0'; ", wrong.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_are_listed_changed_and_set_back()
    {
        Assert.Equal("totalKeys is 5.\n", (await DoneAsync("limits", "set", "totalkeys", "5")).Output);
        Assert.Equal(["totalKeys", "5"], (await DoneAsync("limits")).Rows[0][..2]);
        Assert.Equal("totalKeys is as the setting says.\n", (await DoneAsync("limits", "reset", "totalKeys")).Output);
        var first = (await DoneAsync("limits", "--json")).Json["limits"]![0]!;
        Assert.Equal(first["setting"]!.GetValue<long>(), first["value"]!.GetValue<long>());
        Assert.Null(first["since"]);
        var wrong = await RunAsync("limits", "set", "totalKeys", "5000000000", "--json");
        Assert.Equal(ExitCode.WrongUsage, wrong.ExitCode);
        Assert.StartsWith("The limit totalKeys is 5000000000; 0 to ", wrong.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        var none = await RunAsync("limits", "reset", "no thing");
        Assert.Equal(ExitCode.Failed, none.ExitCode);
        Assert.StartsWith("There is no limit 'no thing'; totalKeys, ", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_or_token_that_is_wrong_is_told_in_a_sentence()
    {
        var nobody = await KadRun.RunAsync("admin", "usage", "--url", "http://127.0.0.1:1", "--data", Folder.Path);
        Assert.Equal(ExitCode.Unreachable, nobody.ExitCode);
        Assert.StartsWith("http://127.0.0.1:1/ does not respond: ", nobody.Error, StringComparison.Ordinal);

        File.WriteAllText(Folder["token"], "none of this server's\n");
        await KadRun.FailAsync(ExitCode.WrongUsage, $"--token-file: '{Folder["token"]}' has no token; 'kad token' prints one.", "admin", "usage", "--url", Url, "--token-file", Folder["token"]);
        File.WriteAllText(Folder["token"], "another");
        var refused = await KadRun.RunAsync("admin", "usage", "--url", Url, "--token-file", Folder["token"]);
        Assert.Equal(ExitCode.WrongUsage, refused.ExitCode);
        Assert.DoesNotContain("another", refused.Error, StringComparison.Ordinal);
        var url = await KadRun.RunAsync("admin", "usage", "--url", "ftp://x", "--data", Folder.Path);
        Assert.Equal("--url is 'ftp://x'; http://HOST:PORT or https://HOST:PORT is needed.\n", url.Error);
        var none = await KadRun.RunAsync("admin", "usage", "--url", Url);
        Assert.Equal("No token is given; --token-file, --data or KAD_TOKEN of the environment is needed.\n", none.Error);
    }
}

/// <summary>What people type first, on one node for all tests.</summary>
public sealed class AdminWordTests(OperatedNode node) : IClassFixture<OperatedNode>
{
    [Theory]
    [InlineData("ban", "bans list")]
    [InlineData("bans", "bans list")]
    [InlineData("edge", "edges list")]
    [InlineData("edges", "edges list")]
    [InlineData("limit", "limits list")]
    [InlineData("limits", "limits list")]
    [InlineData("crawl", "crawl list")]
    [InlineData("crawls", "crawl list")]
    [InlineData("contact", "table")]
    [InlineData("contacts", "table")]
    [InlineData("key", "keys")]
    public async Task A_group_alone_lists(string typed, string meant)
    {
        await node.DoneAsync("ban", "add", "203.0.113.0/24");
        await node.DoneAsync("set", "greeting", "hello");

        var run = await node.DoneAsync(typed);

        Assert.Equal((await node.DoneAsync(meant.Split(' '))).Output, run.Output);
        Assert.DoesNotContain(string.Empty, run.Heads);
    }

    [Theory]
    [InlineData("silos")]
    [InlineData("silo")]
    public async Task Silos_of_a_node_are_none(string typed) =>
        Assert.Equal("silo\tstate\tready\tclock\tversion\tstarted\tlast heard\tholds\n", (await node.DoneAsync(typed)).Output);

    [Theory]
    [InlineData("shards")]
    [InlineData("shard")]
    public async Task Shards_alone_shows_their_number(string typed)
    {
        // A node has none, which is what 'shards show' says of it.
        await node.FailAsync(ExitCode.WrongUsage, "This is one node, which has no shards; a cluster has.", typed);
    }

    [Fact]
    public async Task Rows_have_headings_also_without_a_terminal()
    {
        await node.DoneAsync("ban", "add", "203.0.113.0/24");

        Assert.Equal(["ban", "since"], (await node.DoneAsync("bans")).Heads);
        Assert.Equal(["name", "id", "endpoint", "contacts"], (await node.DoneAsync("status")).Heads);
        Assert.Equal("name\tstate\tids\tendpoint\tcontacts\tepoch\tlast seen\n", (await node.DoneAsync("edges")).Output);
    }

    [Fact]
    public async Task An_option_that_would_not_reach_its_command_is_refused()
    {
        await KadRun.FailAsync(ExitCode.WrongUsage, "'--url' is before 'add'; options belong behind it.", "admin", "bans", "--url", node.Url, "add", "203.0.113.0/24", "--token-file", node.Folder["operator.token"]);
    }
}
