using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Tests.Cli;

/// <summary>A server with the endpoints that a test maps, and a folder with its token.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private StatusServer _server = null!;

    public TemporaryFolder Folder { get; } = new();

    public static async Task<FakeServer> StartAsync(Action<IEndpointRouteBuilder> map)
    {
        var fake = new FakeServer();
        File.WriteAllText(fake.Folder["http-token"], "token");
        fake._server = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"),
            () => new Health(Health.Ready),
            map,
            services: null,
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken);
        return fake;
    }

    public Task<KadRun> RunAsync(params string[] args) =>
        KadRun.RunAsync(["admin", .. args, "--url", $"http://{_server.Address}", "--data", Folder.Path]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Folder.Dispose();
    }
}
