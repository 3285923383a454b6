using System.Net.Sockets;

namespace KadOrleans.Tests.Cli;

public sealed class NodeRefusalTests
{
    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        var run = await KadRun.RunAsync("node", "--listen", node.Address, "--in-memory");

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Equal($"--listen: Cannot listen on {node.Address}: another socket of this machine holds that port.", run.Error.Trim());
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task A_folder_that_another_node_uses_is_named()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        string[][] commands =
        [
            ["node", "--listen", "127.0.0.1:0", "--data", folder.Path],
            ["state", "export", "-", "--data", folder.Path],
        ];
        foreach (var command in commands)
        {
            var run = await KadRun.RunAsync(command);
            Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
            Assert.Equal(
                $"The data folder '{folder.Path}' is in use by another node; stop that node or choose another data folder.", run.Error.Trim());
            Assert.Empty(run.Output);
        }

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
        await using (var node = await NodeProcess.StartAsync("--data", folder.Path, "--id", new string('1', 40)))
        {
            Assert.Equal(ExitCode.Done, await node.StopAsync());
        }

        var run = await KadRun.RunAsync("node", "--listen", "127.0.0.1:0", "--data", folder.Path, "--id", new string('2', 40));
        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains(new string('1', 40), run.Error, StringComparison.Ordinal);
        Assert.Contains(new string('2', 40), run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
    }

    [Fact]
    public async Task An_http_address_that_is_taken_is_named()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var run = await KadRun.RunAsync("node", "--listen", "127.0.0.1:0", "--in-memory", "--http", holder.LocalEndpoint.ToString()!);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains($"--http: cannot listen on {holder.LocalEndpoint} (", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task A_host_name_that_nobody_knows_is_found_before_the_node_listens()
    {
        var run = await KadRun.RunAsync("node", "--listen", "127.0.0.1:0", "--in-memory", "--bootstrap", "no-such-host.invalid:8468");

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.StartsWith("--bootstrap: the host name 'no-such-host.invalid' could not be resolved (", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Empty(run.Output);
    }
}
