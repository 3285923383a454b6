namespace KadOrleans.Tests.Cli;

public sealed class NodeRefusalTests
{
    [Fact]
    public async Task A_port_or_folder_that_another_node_uses_is_named()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        var inUse = $"The data folder '{folder.Path}' is in use by another node; stop that node or choose another data folder.";
        await KadRun.RefusedAsync(inUse, "node", "--listen", "127.0.0.1:0", "--data", folder.Path);
        await KadRun.RefusedAsync(inUse, "state", "export", "-", "--data", folder.Path);
        await KadRun.RefusedAsync(
            $"--listen: Cannot listen on {node.Address}: another socket of this machine holds that port.", "node", "--listen", node.Address, "--in-memory");

        await KadRun.DoneAsync("ping", node.Address);
    }

    [Fact]
    public async Task A_foreign_file_in_the_folder_is_refused_and_stays_as_it_is()
    {
        using var folder = new TemporaryFolder();
        byte[] foreign = [.. "These are my notes."u8];
        await File.WriteAllBytesAsync(folder["kad.db"], foreign, TestContext.Current.CancellationToken);
        await using var process = KadProcess.Start("node", "--listen", "127.0.0.1:0", "--data", folder.Path);

        Assert.Equal(ExitCode.WrongUsage, await process.ExitAsync());
        Assert.Equal($"'{folder["kad.db"]}' is not an SQLite database; move it away or choose another data folder.", process.Error.Text);
        Assert.Empty(process.Output.All);
        Assert.Equal(foreign, await File.ReadAllBytesAsync(folder["kad.db"], TestContext.Current.CancellationToken));
        Assert.Equal(["kad.db"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_id_that_differs_from_the_saved_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (new string('1', 40), new string('2', 40));
        await using (var node = await NodeProcess.StartAsync("--data", folder.Path, "--id", first))
        {
            Assert.Equal(first, node.Id);
            Assert.Equal(ExitCode.Done, await node.StopAsync());
        }

        var run = await KadRun.RunAsync("node", "--listen", "127.0.0.1:0", "--data", folder.Path, "--id", second);
        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.All([first, second], id => Assert.Contains(id, Assert.Single(run.Error.Trim().Split('\n')), StringComparison.Ordinal));
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
        }
    }
}
