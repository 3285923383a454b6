namespace KadOrleans.Tests.Cli;

public sealed class ClientCommandTests(RunningNode node) : IClassFixture<RunningNode>
{
    [Fact]
    public async Task Set_for_a_time_replaces_its_own_value_that_lives_longer()
    {
        await node.DoneAsync("set", "for a time", "long", "--life", "3600");
        await node.DoneAsync("set", "for a time", "short", "--life", "60");

        Assert.Equal("short", await node.GetAsync("for a time"));
    }

    [Fact]
    public async Task Ping_prints_the_id_that_answered_from_whichever_address_of_the_host()
    {
        var text = await KadRun.DoneAsync("ping", node.Address);
        Assert.Matches($"^{node.Address} answered in [0-9.]+ ms: id {node.Id}\n$", text.Output);
        var json = (await KadRun.DoneAsync("ping", $"localhost:{node.Address.Split(':')[1]}", "--json")).Json;
        Assert.Equal((true, node.Id, node.Address), ((bool)json["answered"]!, (string?)json["id"], (string?)json["endpoint"]));
        Assert.True((double)json["roundTripMilliseconds"]! > 0);
    }

    [Fact]
    public async Task Ping_of_a_silent_port_fails_in_one_sentence()
    {
        var run = await KadRun.FailAsync(ExitCode.Unreachable, "127.0.0.1:9 did not answer a ping.", "ping", "127.0.0.1:9", "--json");

        Assert.Equal((false, null), ((bool)run.Json["answered"]!, (string?)run.Json["id"]));
    }

    [Fact]
    public async Task Stun_reports_each_view_and_who_was_silent()
    {
        var run = await KadRun.DoneAsync("stun", node.Address, "127.0.0.1:9", "--json");
        Assert.Matches("^127\\.0\\.0\\.1:[1-9][0-9]*$", (string?)run.Json["answers"]![0]!["seen"]);
        Assert.Null(run.Json["answers"]![1]!["seen"]);
        Assert.True((bool)run.Json["agree"]!);
        Assert.Equal("127.0.0.1:9 did not answer.", run.Error.Trim());
    }

    [Theory]
    [InlineData("string", "hello wörld", "\"hello wörld\"", "hello wörld")]
    [InlineData("int", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808\n")]
    [InlineData("float", "-2.5e10", "-25000000000.0", "-25000000000.0\n")]
    [InlineData("float", "-0", "-0.0", "-0.0\n")]
    [InlineData("float", "NaN", "null", "NaN\n")]
    [InlineData("bool", "false", "false", "false\n")]
    [InlineData("bytes", "00FF10", "\"00ff10\"", "00ff10\n")]
    public async Task A_value_comes_back_as_what_it_was(string type, string value, string json, string text)
    {
        var set = (await node.DoneAsync("set", "key", value, "--type", type, "--json")).Json;
        Assert.Equal((1, 0, 0), ((int)set["stored"]!, (int)set["refused"]!, (int)set["failed"]!));
        Assert.Equal(text, await node.GetAsync("key"));
        var output = await node.GetAsync("key", "--json");
        var got = System.Text.Json.Nodes.JsonNode.Parse(output)!;
        Assert.Equal((true, type, text.TrimEnd('\n')), ((bool)got["found"]!, (string?)got["type"], (string?)got["text"]));
        Assert.Contains($"\"value\":{json},", output, StringComparison.Ordinal);
        Assert.Equal("valueFound", (string?)got["lookup"]!["reason"]);
    }

    [Fact]
    public async Task A_digest_stands_for_its_key()
    {
        var digest = NodeId.FromKey("by digest").ToString();
        await node.DoneAsync("set", "--digest", digest, "--type", "int", "-7");
        Assert.Equal("-7\n", await node.GetAsync("by digest"));
        Assert.Equal("-7\n", await node.GetAsync("--digest", digest));
    }

    [Fact]
    public async Task Words_behind_two_dashes_are_no_options()
    {
        await node.DoneAsync("set", "--", "--key", "--json");
        Assert.Equal("--json", await node.GetAsync("--", "--key"));
    }

    [Fact]
    public async Task A_strangers_invisible_characters_are_pictures_on_a_terminal_and_themselves_elsewhere()
    {
        const string Text = "\u001b]0;title\u0007\t\u009b2J\r\nnext\u007f ␛ ä \u202egpj\u200b\U000E0041";
        await node.DoneAsync("set", "c", Text);

        string[] get = ["get", "c", "--via", node.Address];
        Assert.Equal(Text, (await KadRun.RunAsync(get)).Output);
        Assert.Equal(
            "␛]0;title␇␉<U+009B>2J␍␊next␡ ␛ ä <U+202E>gpj<U+200B><U+E0041>" + Environment.NewLine, (await KadRun.RunAsync([], true, get)).Output);
        Assert.Equal(Text + Environment.NewLine, (await KadRun.RunAsync([], true, [.. get, "--raw"])).Output);

        var json = await KadRun.RunAsync([.. get, "--json"]);
        Assert.Equal(Text, (string?)json.Json["text"]);
        Assert.DoesNotContain(json.Output.TrimEnd().EnumerateRunes(), VisibleText.IsInvisible);
    }

    [Theory]
    [InlineData("get", "k", "--via", "\u001b]0;owned\u0007:1")]
    [InlineData("get", "--digest", "\u202e\u001b[2J", "--via", "127.0.0.1:9")]
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
        await using var process = KadProcess.Start("get", "nothing", "--via", node.Address, "--json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(await process.NextLineAsync())!;

        Assert.Equal(ExitCode.Failed, await process.ExitAsync());
        Assert.Equal((false, "converged", 1), ((bool)json["found"]!, (string?)json["lookup"]!["reason"], (int)json["lookup"]!["answered"]!));
        Assert.Equal(
            "Not found: nothing: contacts asked: 1, answered: 1, timed out or failed: 0; the lookup ended because the nearest "
            + "contacts that answer have all answered.",
            process.Error.Text);
        Assert.Equal(("failed", process.Error.Text), ((string?)json["error"]!["code"], (string?)json["error"]!["message"]));
    }

    [Fact]
    public async Task A_miss_is_short_unless_its_lookup_is_asked_for()
    {
        await KadRun.FailAsync(ExitCode.Failed, "Not found: nothing (1 of 1 nodes asked had no value).", "get", "nothing", "--via", node.Address);
        var verbose = await KadRun.RunAsync("get", "nothing", "--verbose", "--via", node.Address);
        Assert.StartsWith("Not found: nothing: contacts asked: 1, answered: 1", verbose.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_names_the_nodes_of_commands_without_via()
    {
        var variables = new Dictionary<string, string> { ["KAD_VIA"] = $"127.0.0.1:9, {node.Address}" };
        await using var set = KadProcess.Start(variables, "set", "by environment", "value");
        Assert.Equal(ExitCode.Done, await set.ExitAsync());
        await using var get = KadProcess.Start(variables, "get", "by environment", "--via", node.Address);
        Assert.Equal(ExitCode.Done, await get.ExitAsync());
        Assert.DoesNotContain("127.0.0.1:9 ", get.Error.Text, StringComparison.Ordinal);
        await KadRun.FailAsync(ExitCode.WrongUsage, "No node is given; --via HOST:PORT, or KAD_VIA of the environment, is needed.", "get", "k");
    }

    [Theory]
    [InlineData("nowhere", "get", "k")]
    [InlineData("127.0.0.1:9", "get", "k")]
    [InlineData("127.0.0.1", "crawl")]
    public async Task A_wrong_node_in_the_environment_is_named_by_its_variable(string via, params string[] args)
    {
        await using var run = KadProcess.Start(new Dictionary<string, string> { ["KAD_VIA"] = via }, args);

        Assert.NotEqual(ExitCode.Done, await run.ExitAsync());
        Assert.StartsWith("KAD_VIA: ", run.Error.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("--via", run.Error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--life is '1h'; a whole number of seconds is needed, 1 to 31536000.", "set", "k", "v", "--life", "1h")]
    [InlineData("--life is '0'; a whole number of seconds is needed, 1 to 31536000.", "item", "end", "--key", "none", "--life", "0")]
    [InlineData("--interval is '1m'; a whole number of seconds is needed, 1 to ", "watch", "k", "--interval", "1m")]
    public async Task A_wrong_time_is_told_with_its_unit(string sentence, params string[] args)
    {
        var run = await KadRun.RunAsync([.. args, "--via", node.Address]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.StartsWith(sentence, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_prints_the_value_and_its_change_and_ends_when_it_is_told_to()
    {
        await node.DoneAsync("set", "watched", "one");
        await using var watch = KadProcess.Start("watch", "watched", "--interval", "1", "--via", node.Address);
        Assert.Equal("one", await watch.NextLineAsync());

        await node.DoneAsync("set", "watched", "two");

        Assert.Equal("two", await watch.NextLineAsync());
        Assert.Equal(ExitCode.Done, await watch.StopAsync());
    }

    [Fact]
    public async Task A_set_ends_at_once_though_its_input_gives_nothing()
    {
        var silent = new System.IO.Pipelines.Pipe();
        using var error = new StringWriter();
        using var io = new KadOrleans.Cli.CommandIo(() => silent.Reader.AsStream(), new MemoryStream(), error);
        using var interrupt = new CancellationTokenSource();
        var running = KadOrleans.Cli.KadCommand.RunAsync(["set", "k", "--file", "-", "--via", node.Address], io, interrupt.Token);

        Assert.False(running.IsCompleted);
        await interrupt.CancelAsync();

        Assert.Equal((ExitCode.Failed, "Interrupted."), (await running.WaitAsync(TestContext.Current.CancellationToken), error.ToString().Trim()));

        // Ends the read that was left.
        await silent.Writer.CompleteAsync();
    }

    [Fact]
    public Task Silent_via_nodes_fail_in_a_sentence_each() => KadRun.FailAsync(
        ExitCode.Unreachable,
        $"--via: 127.0.0.1:9 did not answer a ping.{Environment.NewLine}--via: 127.0.0.1:10 did not answer a ping.",
        "get", "k", "--via", "127.0.0.1:9", "--via", "127.0.0.1:10");

    [Theory]
    [InlineData("127.0.0.1:9", "--via: 127.0.0.1:9 did not answer a ping.")]
    [InlineData("no-such-host.invalid:1", "'no-such-host.invalid' could not be resolved")]
    public async Task One_via_node_that_answers_is_enough(string other, string sentence) =>
        Assert.Contains(sentence, (await node.DoneAsync("set", "k", "v", "--via", other)).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("ping", "no-such-host.invalid:1")]
    [InlineData("stun", "no-such-host.invalid:1", "no-other-host.invalid:1")]
    [InlineData("get", "k", "--via", "no-such-host.invalid:1")]
    [InlineData("set", "k", "v", "--via", "no-such-host.invalid:1")]
    [InlineData("find-node", "356a192b7913b04c54574d18c28d46e6395428ab", "--via", "no-such-host.invalid:1")]
    [InlineData("crawl", "--via", "no-such-host.invalid:1")]
    [InlineData("size", "--via", "no-such-host.invalid:1")]
    public async Task A_name_that_does_not_resolve_now_ends_with_3(params string[] args)
    {
        var run = await KadRun.RunAsync([.. args, "--json"]);
        Assert.Equal((ExitCode.Unreachable, "unreachable"), (run.ExitCode, (string?)run.Json["error"]!["code"]));
        Assert.Matches(@"^(HOST:PORT|--via): the host name 'no-such-host\.invalid' could not be resolved \([^\n]+\)\.\n$", run.Error);
    }

    [Fact]
    public async Task Find_node_prints_contacts_with_their_shared_bits()
    {
        var target = NodeId.Parse(node.Id).WithBit(7, !NodeId.Parse(node.Id).GetBit(7)).ToString();
        var contact = Assert.Single((await node.DoneAsync("find-node", target, "--json")).Json["contacts"]!.AsArray())!;
        Assert.Equal((node.Id, node.Address, 7), ((string?)contact["id"], (string?)contact["endpoint"], (int)contact["sharedPrefixBits"]!));
        Assert.Equal($"Id\tAddress\tShared bits\n{node.Id}\t{node.Address}\t7\n", (await node.DoneAsync("find-node", target)).Output);
        var table = await KadRun.RunAsync([], true, ["find-node", target, "--via", node.Address]);
        Assert.Contains("Shared bits", table.Output, StringComparison.Ordinal);
        Assert.Contains(node.Id, table.Output, StringComparison.Ordinal);
    }
}
