namespace KadOrleans.Tests.Cli;

public sealed class NodeRefusalTests
{
    [Fact]
    public async Task A_port_or_folder_that_another_node_uses_is_named()
    {
        using var folder = new TemporaryFolder();
        var id = new string('1', 40);
        await using var node = await NodeProcess.StartAsync("--data", folder.Path, "--id", id);
        Assert.Equal(id, node.Id);
        var inUse = $"--data: The data folder '{folder.Path}' is in use by another node";
        await KadRun.RefusedAsync(inUse, "node", "--listen", "127.0.0.1:0", "--data", folder.Path);
        await KadRun.RefusedAsync(inUse, "state", "export", "-", "--data", folder.Path);
        await KadRun.RefusedAsync(
            $"--listen: Cannot listen on {node.Address}: another socket of this machine holds that port.", "node", "--listen", node.Address, "--in-memory");

        await KadRun.DoneAsync("ping", node.Address);
    }

    [Fact]
    public async Task An_id_beside_the_folder_of_another_one_is_named_with_both_options()
    {
        using var folder = new TemporaryFolder();
        string id;
        await using (var node = await NodeProcess.StartAsync("--data", folder.Path))
        {
            id = node.Id;
            Assert.Equal(0, await node.StopAsync());
        }

        var other = new string('1', 40);
        await KadRun.RefusedAsync(
            $"--data: Id (--id) is {other}, but the stored state belongs to {id}: leave it out, or use other storage (--data).",
            "node", "--listen", "127.0.0.1:0", "--data", folder.Path, "--id", other);
    }

    [Fact]
    public async Task The_data_folder_of_a_silo_is_refused_and_stays_as_it_is()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["kad-grains.db"], string.Empty);

        await KadRun.RefusedAsync(
            $"--data: '{folder.Path}' is the data folder of a silo, as it has 'kad-grains.db', and not of a node; choose another data folder.",
            "node", "--listen", "127.0.0.1:0", "--data", folder.Path);

        Assert.Equal([folder["kad-grains.db"]], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task An_http_address_that_is_taken_and_a_file_of_tokens_that_is_missing_are_named()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        foreach (var (sentence, options) in new (string, string[])[]
        {
            ($"--http: cannot listen on {holder.LocalEndpoint} (", ["--http", $"{holder.LocalEndpoint}"]),
            ("--http-tokens: 'missing.json' cannot be read (", ["--http", "0", "--http-tokens", "missing.json"]),
        })
        {
            var run = await KadRun.RunAsync(["node", "--listen", "127.0.0.1:0", "--in-memory", .. options]);

            Assert.Equal((ExitCode.WrongUsage, string.Empty), (run.ExitCode, run.Output));
            Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Hosting failed", run.Error, StringComparison.Ordinal);
        }
    }
}
