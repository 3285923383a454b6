using System.Diagnostics;

namespace KadOrleans.Tests.Cli;

public sealed class NodeCommandTests
{
    [Fact]
    public async Task Five_nodes_find_each_other_and_lose_no_value_with_one_of_them()
    {
        await using var first = await NodeProcess.StartAsync("--in-memory");
        await using var second = await NodeProcess.StartAsync("--in-memory", "--bootstrap", first.Address);
        await using var third = await NodeProcess.StartAsync("--in-memory", "--bootstrap", first.Address);
        await using var fourth = await NodeProcess.StartAsync("--in-memory", "--bootstrap", second.Address);
        await using var fifth = await NodeProcess.StartAsync("--in-memory", "--bootstrap", third.Address);
        foreach (var node in new[] { first, second, third, fourth, fifth })
        {
            await node.HasContactsAsync(4);
        }

        // A node that the machine keeps waiting is not waited for: the next command reaches it.
        await Eventually.ReadAsync(
            async () => (await KadRun.RunAsync("set", "shared", "by all", "--via", second.Address, "--json")).Json, set => (int)set["stored"]! == 5);
        var found = await Eventually.ReadAsync(
            async () => (await KadRun.RunAsync("find-node", fifth.Id, "--via", first.Address, "--json")).Json,
            lookup => lookup["contacts"]!.AsArray().Count == 5);
        Assert.Equal(fifth.Id, (string?)found["contacts"]![0]!["id"]);
        await first.Process.KillAsync();
        Assert.Equal("by all", (await KadRun.RunAsync("get", "shared", "--via", fifth.Address)).Output);
    }

    [Fact]
    public async Task A_node_says_where_it_listens_once_per_endpoint_and_Ctrl_C_ends_it_in_order()
    {
        await using var process = KadProcess.Start("node", "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--in-memory");
        var (first, second) = (await process.NextLineAsync(), await process.NextLineAsync());

        Assert.All([first, second], line => Assert.Matches("^listening udp 127\\.0\\.0\\.1:[1-9][0-9]* id [0-9a-f]{40}$", line));
        Assert.NotEqual(first, second);
        Assert.Equal(first[^40..], second[^40..]);
        Assert.Equal(ExitCode.Done, await process.InterruptAsync());
    }

    [Fact]
    public async Task Sigterm_ends_a_joining_node_in_order_within_five_seconds()
    {
        using var folder = new TemporaryFolder();
        // Nobody listens on the discard port, so the node is still trying to join.
        await using var node = await NodeProcess.StartAsync("--data", folder.Path, "--bootstrap", "127.0.0.1:9");
        var watch = Stopwatch.StartNew();
        Assert.Equal(ExitCode.Done, await node.StopAsync());

        // The promise to operators, whose service managers kill after a while.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(node.Id, (string?)(await ExportAsync(folder))["id"]);
        Assert.Equal(["kad.db"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_node_comes_back_with_its_id_contacts_and_values_and_is_ready_once_a_contact_answers()
    {
        using var folder = new TemporaryFolder();
        await using var other = await NodeProcess.StartAsync("--in-memory");
        await using var node = await NodeProcess.StartAsync("--data", folder.Path, "--bootstrap", other.Address);
        await node.HasContactsAsync(1);
        await KadRun.DoneAsync("set", "k", "v", "--via", node.Address);
        Assert.Equal(ExitCode.Done, await node.StopAsync());
        Assert.Equal(other.Id, (string?)(await ExportAsync(folder))["contacts"]![0]!["id"]);

        await using (var rejoined = await NodeProcess.StartAsync("--data", folder.Path))
        {
            await Eventually.ReadAsync(() => rejoined.HealthAsync("ready"), code => code == HttpStatusCode.OK);
            await rejoined.HasContactsAsync(1);
            Assert.Equal(ExitCode.Done, await rejoined.StopAsync());
        }

        Assert.Equal(ExitCode.Done, await other.StopAsync());
        await using var alone = await NodeProcess.StartAsync("--data", folder.Path);
        Assert.Equal(node.Id, alone.Id);
        Assert.Equal("v", (await KadRun.DoneAsync("get", "k", "--via", alone.Address)).Output);
    }

    [Fact]
    public async Task Every_acknowledged_value_survives_a_kill_under_load()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path, "--trust", "127.0.0.0/8");
        await using var load = new StoreLoad(IPEndPoint.Parse(node.Address), shardBits: 7);
        await load.WholeAsync();
        await node.Process.KillAsync();
        await load.StopAsync();

        await using var again = await NodeProcess.StartAsync("--data", folder.Path);
        Assert.Equal(ExitCode.Done, await again.StopAsync());
        var held = (await ExportAsync(folder))["values"]!.AsArray().ToDictionary(v => (string)v!["key"]!, v => (string?)v!["value"]);
        Assert.True(load.Acknowledged.Count >= 2_000);
        Assert.All(load.Acknowledged, key => Assert.Equal(StoreLoad.ValueOf(key).AsString(), held.GetValueOrDefault(key.ToString())));
    }

    [Fact]
    public async Task A_node_of_several_addresses_is_whole_at_each_of_them()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path, "--listen", "127.0.0.2:0", "--listen", "0.0.0.0:0");
        var listening = (await node.StatusAsync())["listening"]!.AsArray().Select(endpoint => (string)endpoint!).ToArray();
        string[] addresses = OperatingSystem.IsLinux()
            ? [.. listening[..2], listening[2].Replace("0.0.0.0", "127.0.0.3", StringComparison.Ordinal)]
            : listening[..2];

        foreach (var address in addresses)
        {
            // What is stored is acknowledged later, and a stranger's first answer waits for a ping.
            await KadRun.DoneAsync("set", address, "held", "--via", address);
            Assert.Equal("held", (await KadRun.RunAsync("get", address, "--via", address)).Output);
        }
    }

    [Fact]
    public async Task A_node_whose_bootstrap_node_is_silent_says_so_and_goes_on_answering()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory", "--bootstrap", "127.0.0.1:9");
        await Eventually.IsTrueAsync(() => node.Process.Error.Text.Contains("127.0.0.1:9 did not answer", StringComparison.Ordinal));

        await KadRun.DoneAsync("ping", node.Address);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.HealthAsync("ready"));
        Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("live"));
    }

    [Fact]
    public async Task A_node_whose_bootstrap_name_does_not_resolve_starts_says_so_and_tries_it_again()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory", "--bootstrap", "no-such-host.invalid:8468");
        await Eventually.IsTrueAsync(() => node.Process.Error.Text.Contains("The host name 'no-such-host.invalid' could not be resolved: ", StringComparison.Ordinal));

        // It is not its network's first, which would be ready alone.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.HealthAsync("ready"));
        await KadRun.DoneAsync("ping", node.Address);
        Assert.Equal(ExitCode.Done, await node.StopAsync());
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> ExportAsync(TemporaryFolder folder) =>
        (await KadRun.DoneAsync("state", "export", "-", "--data", folder.Path)).Json;
}
