namespace KadOrleans.Tests.Cli;

public sealed class ClientCommandTests(RunningNode node) : IClassFixture<RunningNode>
{
    private readonly RunningNode _node = node;

    [Fact]
    public async Task Set_for_a_time_replaces_its_own_value_that_lives_longer()
    {
        await KadRun.DoneAsync("set", "for a time", "long", "--life", "3600", "--via", _node.Address);
        await KadRun.DoneAsync("set", "for a time", "short", "--life", "60", "--via", _node.Address);

        Assert.Equal("short", (await KadRun.RunAsync("get", "for a time", "--via", _node.Address)).Output);
        await KadRun.FailAsync(ExitCode.WrongUsage, "--life is '0'; a whole number is needed, 1 to 31536000.", "set", "for a time", "value", "--life", "0", "--via", _node.Address);
    }

    [Fact]
    public async Task Ping_prints_the_id_that_answered()
    {
        var text = await KadRun.DoneAsync("ping", _node.Address);
        Assert.Matches($"^{_node.Address} answered in [0-9.]+ ms: id {_node.Id}\n$", text.Output);
        var json = await KadRun.RunAsync("ping", _node.Address, "--json");
        Assert.True(json.Json["answered"]!.GetValue<bool>());
        Assert.Equal(_node.Id, json.Json["id"]!.GetValue<string>());
        Assert.Equal(_node.Address, json.Json["endpoint"]!.GetValue<string>());
        Assert.True(json.Json["roundTripMilliseconds"]!.GetValue<double>() > 0);
    }

    [Fact]
    public async Task A_host_name_reaches_whichever_of_its_addresses_answers()
    {
        var port = _node.Address.Split(':')[1];
        var run = await KadRun.DoneAsync("ping", $"localhost:{port}", "--json");
        Assert.Equal(_node.Address, run.Json["endpoint"]!.GetValue<string>());
    }

    [Fact]
    public async Task Ping_of_a_silent_port_fails_in_one_sentence()
    {
        var run = await KadRun.RunAsync("ping", "127.0.0.1:9", "--json");

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.False(run.Json["answered"]!.GetValue<bool>());
        Assert.Null(run.Json["id"]);
        Assert.Equal("127.0.0.1:9 did not answer a ping.", run.Error.Trim());
    }

    [Fact]
    public async Task Stun_reports_each_view_and_who_was_silent()
    {
        var run = await KadRun.DoneAsync("stun", _node.Address, "127.0.0.1:9", "--json");
        var answers = run.Json["answers"]!.AsArray();
        Assert.Matches("^127\\.0\\.0\\.1:[1-9][0-9]*$", answers[0]!["seen"]!.GetValue<string>());
        Assert.Null(answers[1]!["seen"]);
        Assert.True(run.Json["agree"]!.GetValue<bool>());
        Assert.Equal("127.0.0.1:9 did not answer.", run.Error.Trim());
    }

    [Theory]
    [InlineData("string", "hello wörld", "\"hello wörld\"", "hello wörld")]
    [InlineData("int", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808\n")]
    [InlineData("int", "18446744073709551615", "18446744073709551615", "18446744073709551615\n")]
    [InlineData("float", "-2.5e10", "-25000000000.0", "-25000000000.0\n")]
    [InlineData("float", "-0", "-0.0", "-0.0\n")]
    [InlineData("float", "NaN", "null", "NaN\n")]
    [InlineData("bool", "false", "false", "false\n")]
    [InlineData("bytes", "00FF10", "\"00ff10\"", "00ff10\n")]
    [InlineData("bytes", "", "\"\"", "\n")]
    public async Task A_value_comes_back_as_what_it_was(string type, string value, string json, string text)
    {
        var set = await KadRun.DoneAsync("set", "key", value, "--type", type, "--via", _node.Address, "--json");
        Assert.Equal(1, set.Json["stored"]!.GetValue<int>());
        Assert.Equal(0, set.Json["refused"]!.GetValue<int>());
        Assert.Equal(0, set.Json["failed"]!.GetValue<int>());
        Assert.Equal(text, (await KadRun.RunAsync("get", "key", "--via", _node.Address)).Output);
        var got = await KadRun.RunAsync("get", "key", "--via", _node.Address, "--json");
        Assert.True(got.Json["found"]!.GetValue<bool>());
        Assert.Equal(type, got.Json["type"]!.GetValue<string>());
        Assert.Equal(text.TrimEnd('\n'), got.Json["text"]!.GetValue<string>());
        Assert.Contains($"\"value\":{json},", got.Output, StringComparison.Ordinal);
        Assert.Equal("valueFound", got.Json["lookup"]!["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task One_via_that_is_known_is_enough()
    {
        var run = await KadRun.DoneAsync("set", "key", "value", "--via", "no-such-host.invalid:1", "--via", _node.Address);
        Assert.Contains("'no-such-host.invalid' could not be resolved", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Raw_bytes_are_printed_as_they_are()
    {
        await KadRun.DoneAsync("set", "raw", "00ff0a", "--type", "bytes", "--via", _node.Address);
        var got = await KadRun.RunAsync("get", "raw", "--raw", "--via", _node.Address);
        Assert.Equal((byte[])[0, 255, 10], got.OutputBytes);
    }

    [Fact]
    public async Task The_longest_value_is_stored()
    {
        var value = new string('x', StoreRules.MaxContentLength);
        await KadRun.DoneAsync("set", "long", value, "--via", _node.Address);
        Assert.Equal(value, (await KadRun.RunAsync("get", "long", "--via", _node.Address)).Output);
    }

    [Fact]
    public async Task A_digest_stands_for_its_key()
    {
        var digest = NodeId.FromKey("by digest").ToString();
        await KadRun.DoneAsync("set", "--digest", digest, "--type", "int", "--via", _node.Address, "-7");
        Assert.Equal("-7\n", (await KadRun.RunAsync("get", "by digest", "--via", _node.Address)).Output);
        Assert.Equal("-7\n", (await KadRun.RunAsync("get", "--digest", digest, "--via", _node.Address)).Output);
    }

    [Fact]
    public async Task Words_behind_two_dashes_are_no_options()
    {
        await KadRun.DoneAsync("set", "--via", _node.Address, "--", "--key", "--json");
        Assert.Equal("--json", (await KadRun.RunAsync("get", "--via", _node.Address, "--", "--key")).Output);
    }

    [Fact]
    public async Task Text_ends_with_a_newline_on_a_terminal_only()
    {
        await KadRun.DoneAsync("set", "t", "text", "--via", _node.Address);
        Assert.Equal("text", (await KadRun.RunAsync("get", "t", "--via", _node.Address)).Output);
        Assert.Equal("text" + Environment.NewLine, (await KadRun.RunAsync([], true, ["get", "t", "--via", _node.Address])).Output);
    }

    [Fact]
    public async Task A_strangers_invisible_characters_are_pictures_on_a_terminal_and_themselves_elsewhere()
    {
        const string Text = "\u001b]0;title\u0007\t\u009b2J\r\nnext\u007f ␛ ä \u202egpj\u200b\U000E0041";
        await KadRun.DoneAsync("set", "c", Text, "--via", _node.Address);

        string[] get = ["get", "c", "--via", _node.Address];
        Assert.Equal(Text, (await KadRun.RunAsync(get)).Output);
        Assert.Equal(
            "␛]0;title␇␉<U+009B>2J␍␊next␡ ␛ ä <U+202E>gpj<U+200B><U+E0041>" + Environment.NewLine, (await KadRun.RunAsync([], true, get)).Output);
        Assert.Equal(Text + Environment.NewLine, (await KadRun.RunAsync([], true, [.. get, "--raw"])).Output);

        var json = await KadRun.RunAsync([.. get, "--json"]);
        Assert.Equal(Text, json.Json["text"]!.GetValue<string>());
        Assert.DoesNotContain(json.Output.TrimEnd().EnumerateRunes(), VisibleText.IsInvisible);
    }

    [Theory]
    [InlineData("get", "k", "--via", "\u001b]0;owned\u0007:1")]
    [InlineData("get", "--digest", "\u202e\u001b[2J", "--via", "127.0.0.1:9")]
    [InlineData("set", "k", "\u009b2J", "--type", "int", "--via", "127.0.0.1:9")]
    [InlineData("state", "import", "no\nsuch\u001b[2Jfile")]
    [InlineData("\u001b[2J\u200b")]
    [InlineData("get", "k", "--\u001b[2J")]
    public async Task An_error_that_echoes_an_argument_shows_its_invisible_characters(params string[] args)
    {
        var run = await KadRun.RunAsync(args);
        Assert.NotEqual(ExitCode.Done, run.ExitCode);
        Assert.DoesNotContain(Assert.Single(run.Error.TrimEnd().Split(Environment.NewLine)).EnumerateRunes(), VisibleText.IsInvisible);
    }

    [Fact]
    public async Task A_key_without_a_value_says_how_far_the_lookup_got()
    {
        await using var process = KadProcess.Start("get", "nothing", "--via", _node.Address, "--json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(await process.NextLineAsync())!;

        Assert.Equal(ExitCode.Failed, await process.ExitAsync());
        Assert.False(json["found"]!.GetValue<bool>());
        Assert.Equal("converged", json["lookup"]!["reason"]!.GetValue<string>());
        Assert.Equal(1, json["lookup"]!["answered"]!.GetValue<int>());
        Assert.Equal(
            "Not found: nothing: contacts asked: 1, answered: 1, timed out or failed: 0; the lookup ended because the nearest "
            + "contacts that answer have all answered.",
            process.Error.Text);
    }

    // Each waits for its timeouts.
    [Fact]
    public Task Silent_via_nodes_fail_in_a_sentence_each() => Task.WhenAll(new[] { "get k", "set k v", "find-node 356a192b7913b04c54574d18c28d46e6395428ab" }.Select(async command =>
    {
        var run = await KadRun.RunAsync([.. command.Split(' '), "--via", "127.0.0.1:9", "--via", "127.0.0.1:10"]);

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Equal(
            ["--via: 127.0.0.1:9 did not answer a ping.", "--via: 127.0.0.1:10 did not answer a ping."],
            run.Error.Trim().Split(Environment.NewLine));
        Assert.Empty(run.Output);
    }));

    [Fact]
    public async Task One_via_node_that_answers_is_enough()
    {
        var run = await KadRun.DoneAsync("set", "k", "v", "--via", "127.0.0.1:9", "--via", _node.Address);
        Assert.Equal("--via: 127.0.0.1:9 did not answer a ping.", run.Error.Trim());
    }

    [Fact]
    public async Task Find_node_prints_contacts_with_their_shared_bits()
    {
        var target = NodeId.Parse(_node.Id).WithBit(7, !NodeId.Parse(_node.Id).GetBit(7));
        var json = await KadRun.RunAsync("find-node", target.ToString(), "--via", _node.Address, "--json");
        var contact = Assert.Single(json.Json["contacts"]!.AsArray())!;
        Assert.Equal(_node.Id, contact["id"]!.GetValue<string>());
        Assert.Equal(_node.Address, contact["endpoint"]!.GetValue<string>());
        Assert.Equal(7, contact["sharedPrefixBits"]!.GetValue<int>());
        var text = await KadRun.RunAsync("find-node", target.ToString(), "--via", _node.Address);
        Assert.Equal($"Id\tAddress\tShared bits\n{_node.Id}\t{_node.Address}\t7\n", text.Output);
        var table = await KadRun.RunAsync([], true, ["find-node", target.ToString(), "--via", _node.Address]);
        Assert.Contains("Shared bits", table.Output, StringComparison.Ordinal);
        Assert.Contains(_node.Id, table.Output, StringComparison.Ordinal);
    }
}
