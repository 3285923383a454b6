namespace KadOrleans.Tests.Cli;

/// <summary><c>kad admin</c> on a node of its own for each test.</summary>
public sealed class AdminCommandTests : OperatedNode
{
    [Fact]
    public async Task A_key_is_set_listed_shown_and_deleted()
    {
        Assert.Equal("Stored here, and published again each day.\n", (await DoneAsync("set", "greeting", "hello\u001b[2J")).Output);
        await DoneAsync("key", "set", "a/b", "42", "--type", "int");

        Assert.Equal("hello\u001b[2J", (await DoneAsync("get", "greeting")).Output);
        Assert.Equal("hello␛[2J\n", (await OnTerminalAsync("key", "get", "greeting")).Output);
        Assert.Equal(42, (int)(await DoneAsync("key", "get", "a/b", "--json")).Json["value"]!);
        var keys = (await DoneAsync("keys")).Rows.Select(row => row[0]).ToList();
        Assert.Equal(new[] { NodeId.FromKey("a/b").ToString(), NodeId.FromKey("greeting").ToString() }.Order(), keys);
        var one = (await DoneAsync("keys", "--count", "1", "--json")).Json;
        Assert.Single(one["keys"]!.AsArray());
        Assert.Equal(keys[0], (string?)one["next"]);
        Assert.Equal(keys, (await DoneAsync("publications")).Rows.Select(row => row[0]));
        Assert.Contains("hello␛[2J", (await DoneAsync("key", "show", "greeting")).Output, StringComparison.Ordinal);
        Assert.Equal("Deleted: it was held, and was published.\n", (await DoneAsync("key", "delete", "greeting")).Output);
        await FailAsync(ExitCode.Failed, "The key 'greeting' is neither held nor published here.", "key", "delete", "greeting");
        Assert.Equal(["all", "1", "0"], (await DoneAsync("usage")).Rows[^1] is [var name, var held, _, var kept] ? [name, held, kept] : []);
        Assert.Equal("delete", (await DoneAsync("audit", "--count", "1")).Rows[0][3]);
    }

    [Fact]
    public async Task An_id_that_was_taken_for_a_text_is_said_to_be_one()
    {
        await DoneAsync("key", "set", "greeting", "hello");
        var id = NodeId.FromKey("greeting").ToString();

        Assert.Contains($"The key was taken as a text; the id is --digest {id}.", (await DoneAsync("key", "show", id)).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("taken as a text", (await DoneAsync("key", "show", "--digest", id)).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("taken as a text", (await DoneAsync("key", "show", "farewell")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_set_for_a_time()
    {
        await DoneAsync("key", "set", "--digest", NodeId.FromKey("session").ToString(), "token", "--life", "3600");

        var held = (await DoneAsync("key", "show", "session", "--json")).Json["held"]!;
        Assert.Equal(3600, ((DateTimeOffset)held["expiresAt"]! - (DateTimeOffset)held["storedAt"]!).TotalSeconds, 1.0);
        Assert.Equal("token", (await DoneAsync("key", "get", "--digest", NodeId.FromKey("session").ToString())).Output);
        Assert.Empty((await DoneAsync("publications", "--json")).Json["publications"]!.AsArray());
        await FailAsync(
            ExitCode.Failed,
            "The value of the key 'session' was not stored: another one is published here, or lives longer.",
            "key", "set", "session", "another", "--life", "60");
    }

    [Fact]
    public async Task A_full_store_says_so_with_its_limit_and_figures()
    {
        await DoneAsync("set", "first", "value");
        await DoneAsync("limits", "set", "totalKeys", "1");

        var full = await FailAsync(
            ExitCode.Failed,
            "The value of the key 'second' was not stored: the store is full (1 of 1 keys); "
            + "raise 'totalKeys' with 'kad admin limits set', or '--max-keys'.",
            "set", "second", "value", "--json");

        Assert.Equal(("totalQuotaExceeded", "failed"), ((string?)full.Json["reason"], (string?)full.Json["error"]!["code"]));
        Assert.Contains("The quota of keys or bytes in all is reached", Node.Process.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_get_after_a_delete_says_that_another_node_answered()
    {
        await using var second = await NodeProcess.StartAsync("--in-memory", "--bootstrap", Node.Address);
        await second.HasContactsAsync(1);
        await DoneAsync("set", "greeting", "hello");
        Assert.Empty((await DoneAsync("get", "greeting")).Error);

        var deleted = await DoneAsync("delete", "greeting");
        Assert.Equal("Copies of other nodes stay until they expire, and a get may still find them.\n", deleted.Error);
        var got = await DoneAsync("get", "greeting");

        Assert.Equal(("hello", "It is not held here: other nodes of the network answered.\n"), (got.Output, got.Error));
    }

    [Fact]
    public async Task A_misspelt_limit_is_wrong_usage_and_the_one_that_was_meant_is_named()
    {
        var wrong = await RunAsync("limits", "set", "totalKey", "5");

        Assert.Equal(ExitCode.WrongUsage, wrong.ExitCode);
        Assert.EndsWith("Did you mean 'totalKeys'?", wrong.Error.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shards_are_not_doubled_where_nobody_can_be_asked() => await FailAsync(
        ExitCode.WrongUsage,
        "Double the number of shards? There is no way back, and it cannot be stopped. Nobody can be asked here: --yes is needed.",
        "shards", "double");

    [Fact]
    public async Task A_folder_that_nothing_runs_on_is_named()
    {
        using var empty = new TemporaryFolder();
        await KadRun.RefusedAsync(
            $"--data: nothing that serves its API runs on '{empty.Path}': it has no file 'http-token'; ", "admin", "usage", "--data", empty.Path);
        await KadRun.RefusedAsync($"--data: nothing that serves its API runs on '{empty["none"]}': it is not there; ", "admin", "usage", "--data", empty["none"]);
    }

    [Fact]
    public async Task A_folder_whose_token_may_not_be_read_is_not_taken_for_one_that_nothing_runs_on()
    {
        // A folder in the file's place is refused as another user's file is.
        using var foreign = new TemporaryFolder();
        var token = Directory.CreateDirectory(foreign["http-token"]).FullName;
        await KadRun.RefusedAsync($"--data: the token cannot be read from '{token}' (", "admin", "usage", "--data", foreign.Path);
    }

    [Fact]
    public async Task A_wrong_address_in_the_environment_is_named_by_its_variable_and_a_blank_one_is_none()
    {
        await using var wrong = KadProcess.Start(new Dictionary<string, string> { ["KAD_URL"] = "silo" }, "admin", "usage");
        Assert.Equal(ExitCode.WrongUsage, await wrong.ExitAsync());
        Assert.Equal("KAD_URL is 'silo'; http://HOST:PORT or https://HOST:PORT is needed.", wrong.Error.Text.Trim());

        await using var blank = KadProcess.Start(new Dictionary<string, string> { ["KAD_URL"] = string.Empty }, "admin", "usage");
        Assert.Equal(ExitCode.WrongUsage, await blank.ExitAsync());
        Assert.Equal("No token is given; --token-file, --data or KAD_TOKEN of the environment is needed.", blank.Error.Text.Trim());

        await using var lines = KadProcess.Start(new Dictionary<string, string> { ["KAD_TOKEN"] = "one\ntwo" }, "admin", "usage");
        Assert.Equal(ExitCode.WrongUsage, await lines.ExitAsync());
        Assert.Equal("KAD_TOKEN has no token; 'kad token add' prints one.", lines.Error.Text.Trim());

        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["http-url"], "silo\n");
        await KadRun.RefusedAsync(
            $"--data: '{folder["http-url"]}' has 'silo'; http://HOST:PORT or https://HOST:PORT is needed.", "admin", "usage", "--data", folder.Path);
    }

    [Fact]
    public async Task The_lists_of_keys_have_the_texts_that_the_server_knows()
    {
        await DoneAsync("set", "greeting", "hello");

        foreach (var list in (string[])["keys", "publications"])
        {
            var rows = (await DoneAsync(list)).Output.Split('\n');
            Assert.EndsWith("\ttext", rows[0], StringComparison.Ordinal);
            Assert.Contains(rows, row => row.EndsWith("\tgreeting", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("No command is given; see 'kad --help'.")]
    [InlineData("No command is given; see 'kad admin --help'.", "admin")]
    [InlineData("HOST:PORT is missing; see 'kad ping --help'.", "ping")]
    [InlineData("FILE is missing; see 'kad admin export --help'.", "admin", "export")]
    [InlineData("HEX is missing; see 'kad find-node --help'.", "find-node")]
    public Task What_is_missing_is_named(string sentence, params string[] args) => KadRun.RefusedAsync(sentence, args);

    [Fact]
    public async Task A_data_folder_has_the_servers_url_until_it_stops()
    {
        await using var node = await NodeProcess.StartAsync("--data", Folder["other"]);
        Assert.Equal("totalKeys is 7.\n", (await KadRun.DoneAsync("admin", "limits", "set", "totalKeys", "7", "--data", Folder["other"])).Output);
        var lone = await KadRun.FailAsync(
            ExitCode.Failed, "No value was found for the key 'none': no other node is known.", "admin", "get", "none", "--data", Folder["other"]);
        Assert.Empty(lone.Output);
        Assert.EndsWith(
            "A lookup asks other nodes alone; 'kad admin key show KEY' shows what is held here.\n",
            (await KadRun.DoneAsync("admin", "lookup", "none", "--data", Folder["other"])).Error,
            StringComparison.Ordinal);

        Assert.Equal(ExitCode.Done, await node.Process.StopAsync());
        Assert.Empty(Directory.GetFiles(Folder["other"], "http-*"));
    }

    [Fact]
    public async Task Https_to_plain_http_says_so()
    {
        var run = await KadRun.RunAsync("admin", "usage", "--url", $"https://{Node.HttpAddress}", "--token-file", Folder["operator.token"]);

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.EndsWith($"if it serves plain HTTP, --url is http://{Node.HttpAddress}.", run.Error.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_says_where_the_value_is()
    {
        await using var second = await NodeProcess.StartAsync("--in-memory", "--bootstrap", Node.Address);
        await second.HasContactsAsync(1);

        Assert.Equal("Stored here and on 1 other node, and published again each day.\n", (await DoneAsync("set", "greeting", "hello")).Output);
        Assert.Equal("Stored here and on 1 other node.\n", (await DoneAsync("set", "session", "token", "--life", "60")).Output);

        await DoneAsync("limits", "set", "totalKeys", "0");
        Assert.Equal(
            "Stored on 1 other node, and published again each day. Not here: this DHT holds as much as it may.\n",
            (await DoneAsync("set", "farewell", "hello")).Output);
        await DoneAsync("limits", "reset", "totalKeys");

        await using var third = await NodeProcess.StartAsync("--in-memory", "--max-keys", "0", "--bootstrap", Node.Address);
        await third.HasContactsAsync(2);
        Assert.Equal(
            "Stored here and on 1 other node, and published again each day. Contacts that rejected it: 1, did not answer: 0.\n",
            (await DoneAsync("set", "another", "hello")).Output);
    }

    [Fact]
    public async Task Files_of_values_are_imported_also_of_more_than_the_tokens_rate()
    {
        File.WriteAllLines(Folder["keys.jsonl"], Enumerable.Range(0, 100).Select(i => $$"""{"key":"key {{i}}","value":{{i}}}"""));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("100 values were stored.\n", (await DoneAsync("import", Folder["keys.jsonl"])).Output);
        }

        Assert.Equal("100", (await DoneAsync("usage")).Rows[^1][1]);
        Assert.Equal([["trusted", "100"], ["all", "100"]], (await DoneAsync("sources")).Rows.Select(row => new[] { row[0], row[2] }));

        await TransferCommandTests.WriteAsync(Folder["values.json"], Enumerable.Range(0, 2_500).Select(i => DhtValue.FromInteger(i)));
        Assert.Equal(2_500, (int)(await DoneAsync("import", Folder["values.json"], "--json")).Json["imported"]!);
        Assert.Equal(["1000 values", "1000 values", "500 values"], (await DoneAsync("audit", "--count", "3")).Rows.Select(row => row[4]).Order());
    }

    [Fact]
    public async Task The_node_is_described_a_crawl_that_fails_is_told_and_work_is_begun()
    {
        var id = Node.Id;
        Assert.Equal(id, (await DoneAsync("status")).Rows[0][1]);
        Assert.Equal(id, (string?)(await DoneAsync("lookup", "greeting", "--json")).Json["from"]);
        Assert.Equal(id, (string?)(await DoneAsync("table", "--json")).Json["id"]);

        // It knows no other node.
        var crawl = await FailAsync(ExitCode.Failed, "No node answered.", "crawl", "start", "--json");
        Assert.Equal("No node answered.", (string?)crawl.Json["error"]!["message"]);
        var failed = (await DoneAsync("crawl", "list")).Rows[0];
        Assert.Equal("failed", failed[1]);
        Assert.Contains("failed", (await DoneAsync("crawl", "show", failed[0])).Output, StringComparison.Ordinal);
        Assert.StartsWith("Tables or shards that began: 1.", (await DoneAsync("run", "walk")).Output, StringComparison.Ordinal);
        await FailAsync(ExitCode.Failed, $"The contact {NodeId.MaxValue} is in no table.", "contact", "drop", NodeId.MaxValue.ToString());
    }

    [Fact]
    public async Task Bans_are_made_listed_and_ended()
    {
        Assert.Equal("203.0.113.0/24 is banned.\n", (await DoneAsync("bans", "add", "203.0.113.9/24")).Output);
        Assert.Equal("203.0.113.0/24", (await DoneAsync("bans", "list")).Rows[0][0]);
        Assert.Equal("203.0.113.0/24 is no longer banned.\n", (await DoneAsync("ban", "remove", "203.0.113.0/24")).Output);
    }

    [Fact]
    public async Task Limits_are_listed_changed_and_set_back()
    {
        Assert.Equal("totalKeys is 5.\n", (await DoneAsync("limits", "set", "totalkeys", "5")).Output);
        Assert.Equal(["totalKeys", "5"], (await DoneAsync("limits")).Rows[0][..2]);
        Assert.Equal("totalKeys is as the setting says.\n", (await DoneAsync("limit", "reset", "totalKeys")).Output);
        var wrong = await RunAsync("limits", "set", "totalKeys", "5000000000", "--json");
        Assert.Equal((ExitCode.WrongUsage, "wrongUsage"), (wrong.ExitCode, (string?)wrong.Json["error"]!["code"]));
        Assert.StartsWith("The limit totalKeys is 5000000000; 0 to ", (string?)wrong.Json["error"]!["message"], StringComparison.Ordinal);
    }
}

/// <summary>What people type first, and how mistakes are told, on one node for all tests.</summary>
public sealed class AdminWordTests(OperatedNode node) : IClassFixture<OperatedNode>
{
    [Theory]
    [InlineData("ban", "bans list")]
    [InlineData("bans", "bans list")]
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
    [InlineData("shards", "shards")]
    [InlineData("shards", "shard")]
    [InlineData("shards", "shards", "show")]
    [InlineData("edges", "edges")]
    [InlineData("edges", "edge")]
    [InlineData("edges", "edges", "list")]
    [InlineData("silos", "silos")]
    [InlineData("silos", "silo")]
    public async Task What_a_cluster_alone_has_is_wrong_usage_of_one_node(string what, params string[] typed)
    {
        var sentence = $"This is one node, which has no {what}; a cluster has.";
        await node.FailAsync(ExitCode.WrongUsage, sentence, typed);
        Assert.Equal(sentence, (string?)(await node.RunAsync([.. typed, "--json"])).Json["error"]!["message"]);
    }

    [Theory]
    [InlineData("VALUE is 'abc'; a whole number is needed, within the bounds that 'kad admin limits' shows.", "limits", "set", "totalKeys", "abc")]
    [InlineData("--after is '00'; 40 hexadecimal digits are needed.", "keys", "--after", "00")]
    [InlineData("--count is '0'; a whole number is needed, 1 to 1000.", "audit", "--count", "0")]
    [InlineData("--count is '501'; a whole number is needed, 1 to 500.", "sources", "--count", "501")]
    [InlineData("--rate is '0'; a whole number is needed, 1 to 10000.", "crawl", "start", "--rate", "0")]
    [InlineData("--nodes is '0'; a whole number is needed, 1 to 2000000.", "crawl", "start", "--nodes", "0")]
    [InlineData("--kind is 'vale'; node or value is allowed.", "lookup", "greeting", "--kind", "vale")]
    [InlineData("--id is '00'; 40 hexadecimal digits are needed.", "table", "--id", "00")]
    public Task A_wrong_argument_is_named_as_it_was_typed(string sentence, params string[] typed) =>
        node.FailAsync(ExitCode.WrongUsage, sentence, typed);

    [Fact]
    public async Task A_ban_that_is_none_is_named_with_what_is_allowed() =>
        Assert.StartsWith("BAN is 'foo'; ", (await node.RunAsync("bans", "add", "foo")).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("bans", "ban\tsince")]
    [InlineData("status", "name\tid\tendpoint\tcontacts")]
    public async Task Rows_have_headings_also_without_a_terminal(string command, string heads) =>
        Assert.Equal(heads.Split('\t'), (await node.DoneAsync(command)).Heads);

    [Theory]
    [InlineData("No key is given; KEY or --digest HEX is needed.", "set")]
    [InlineData("The key 'a' has no VALUE; KEY VALUE, --digest HEX VALUE, or --file PATH, is needed.", "set", "a")]
    [InlineData("No value is given; VALUE or --file PATH is needed.", "key", "set", "--digest", "00")]
    [InlineData("Both the key 'a' and --digest '00' are given; one of them is needed.", "key", "set", "a", "42", "--digest", "00")]
    public Task A_set_without_a_key_or_value_is_refused(string sentence, params string[] typed) =>
        node.FailAsync(ExitCode.WrongUsage, sentence, typed);

    [Fact]
    public async Task A_server_token_or_place_of_an_option_that_is_wrong_is_told_in_a_sentence()
    {
        var (folder, token) = (node.Folder, node.Folder["token"]);
        await KadRun.FailAsync(
            ExitCode.WrongUsage, "'--url' is before 'add'; options belong behind it.", "admin", "bans", "--url", node.Url, "add", "203.0.113.0/24");
        var nobody = await KadRun.RunAsync("admin", "usage", "--url", "http://127.0.0.1:1", "--data", folder.Path);
        Assert.Equal(ExitCode.Unreachable, nobody.ExitCode);
        Assert.StartsWith("http://127.0.0.1:1/ does not respond: ", nobody.Error, StringComparison.Ordinal);

        File.WriteAllText(token, "none of this server's\n");
        await KadRun.RefusedAsync(
            $"--token-file: '{token}' has no token; 'kad token add' prints one.", "admin", "usage", "--url", node.Url, "--token-file", token);
        File.WriteAllText(token, "another");
        var refused = await KadRun.RunAsync("admin", "usage", "--url", node.Url, "--token-file", token);
        Assert.Equal(ExitCode.WrongUsage, refused.ExitCode);
        Assert.DoesNotContain("another", refused.Error, StringComparison.Ordinal);
        await KadRun.RefusedAsync(
            "--url is 'ftp://x'; http://HOST:PORT or https://HOST:PORT is needed.", "admin", "usage", "--url", "ftp://x", "--data", folder.Path);
        await KadRun.RefusedAsync("No token is given; --token-file, --data or KAD_TOKEN of the environment is needed.", "admin", "usage", "--url", node.Url);
    }
}
