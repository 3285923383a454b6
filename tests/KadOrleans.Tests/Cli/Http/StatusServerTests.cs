using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Tests.Cli;

public sealed class StatusServerTests
{
    [Fact]
    public async Task A_host_that_is_no_name_of_the_server_is_refused_on_every_page_and_so_is_a_body()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory", "--http-host", "kad.example.org");
        foreach (var page in (string[])["/status", "/health/live", "/health/ready", "/else"])
        {
            var (status, body) = await node.AskAsync(page, "evil.example.com");
            var problem = JsonDocument.Parse(body).RootElement;
            Assert.Equal(
                (HttpStatusCode.MisdirectedRequest, "/v1/problems/unknown-host", "The Host header is 'evil.example.com'; this server's IP address is needed, or a name in --http-host."),
                (status, problem.GetProperty("type").GetString(), problem.GetProperty("detail").GetString()));
        }

        foreach (var host in (string[])["kad.example.org", "localhost:1", "192.0.2.7:8080", "[::1]"])
        {
            Assert.Equal(HttpStatusCode.OK, (await node.AskAsync("/status", host)).Code);
        }

        using var socket = await node.ConnectAsync();
        await socket.SendAsync("POST /status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n"u8.ToArray());
        var answer = new byte[64];
        var length = await socket.ReceiveAsync(answer);
        Assert.StartsWith("HTTP/1.1 4", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_open_requests_close_one_another_and_hold_nobody_else_up()
    {
        const int More = 40;
        await using var node = await NodeProcess.StartAsync("--in-memory");
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < HttpLimits.MaxConnections + More; i++)
            {
                sockets.Add(await node.ConnectAsync());
                await sockets[^1].SendAsync("GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n"u8.ToArray());
            }

            Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("live"));
            Assert.Contains(0, await Task.WhenAll(sockets.Select(ReadAsync)));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task The_first_node_is_ready_without_contacts_and_a_joined_one_tells_what_it_holds()
    {
        await using var first = await NodeProcess.StartAsync("--in-memory");
        Assert.Equal(HttpStatusCode.OK, await first.HealthAsync("live"));
        Assert.Equal(HttpStatusCode.OK, await first.HealthAsync("ready"));
        Assert.Equal(HttpStatusCode.NotFound, await first.HealthAsync("else"));

        // Without tokens there is no API.
        Assert.Equal(HttpStatusCode.NotFound, (await first.AskAsync("/v1/keys/key", "localhost")).Code);

        await using var node = await NodeProcess.StartAsync("--in-memory", "--bootstrap", first.Address);
        await node.HasContactsAsync(1);
        Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("ready"));
        await KadRun.DoneAsync("set", "k", "value", "--via", node.Address);

        var status = await node.StatusAsync();
        Assert.Equal((node.Id, node.Address), ((string?)status["id"], (string?)Assert.Single(status["listening"]!.AsArray())));
        Assert.Equal(1, (int)status["keys"]!);
        Assert.True((int)status["bytes"]! >= "value".Length);
        Assert.All(["gen0", "gen1", "gen2"], generation => Assert.True((int)status["garbageCollections"]![generation]! >= 0));
        Assert.True((double)status["uptimeSeconds"]! > 0);
        // A STORE that is answered late, on a busy machine, is sent twice.
        Assert.InRange((int)status["totals"]!["stores.accepted"]!, 1, 2);
        Assert.True((double)status["rates"]!["perSecond"]!["stores.accepted"]! > 0);
        var bucket = Assert.Single(status["buckets"]!.AsArray())!;
        Assert.Equal((1, 0, 0), ((int)bucket["contacts"]!, (int)bucket["depth"]!, (int)bucket["replacements"]!));
        Assert.Matches("^[0-9a-f]{40}$", (string?)bucket["prefix"]);
        Assert.True(DateTimeOffset.TryParse((string?)bucket["lastLookup"], out _));
    }

    [Fact]
    public async Task A_node_whose_files_were_removed_is_not_ready_acknowledges_nothing_and_writes_what_it_held_back()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody remove an open database.");
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        await KadRun.DoneAsync("set", "before", "1", "--via", node.Address);
        foreach (var file in Directory.EnumerateFiles(folder.Path))
        {
            File.Delete(file);
        }

        Assert.NotEqual(ExitCode.Done, (await KadRun.RunAsync("set", "after", "2", "--via", node.Address)).ExitCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.HealthAsync("ready"));
        Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("live"));
        Assert.Contains("was removed or replaced", (string?)(await node.StatusAsync())["storageProblem"], StringComparison.Ordinal);
        await KadRun.DoneAsync("get", "before", "--via", node.Address);
        Assert.Equal(0, await node.StopAsync());
        Assert.Single(node.Process.Error.Text.Split('\n'), line => line.Contains("nothing is stored until the node is restarted", StringComparison.Ordinal));

        await using var again = await NodeProcess.StartAsync("--data", folder.Path);
        Assert.Equal(node.Id, again.Id);
        await KadRun.DoneAsync("get", "before", "--via", again.Address);
        Assert.Equal(ExitCode.Failed, (await KadRun.RunAsync("get", "after", "--via", again.Address)).ExitCode);
    }

    // Closed with or without a reset; an answer to a half-open request would be one that it timed out.
    private static async Task<int> ReadAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    [Fact]
    public async Task A_part_that_cannot_stop_keeps_no_other_from_being_disposed_of()
    {
        var kept = new Part();
        var server = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"),
            () => new Health(Health.Ready),
            _ => { },
            services => services.AddSingleton<IHostedService>(_ => kept),
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<IOException>(() => server.DisposeAsync().AsTask());
        Assert.True(kept.IsDisposed);
    }

    private sealed class Part : IHostedService, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => throw new IOException("It cannot stop.");

        public void Dispose() => IsDisposed = true;
    }
}
