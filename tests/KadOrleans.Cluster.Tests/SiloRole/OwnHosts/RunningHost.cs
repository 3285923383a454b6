namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A program of others that serves HTTP and perhaps an edge, by what its log says of both.</summary>
internal sealed class RunningHost(ChildProcess process) : IAsyncDisposable
{
    private const string Http = "Now listening on: ";

    public HttpClient Client { get; } = new();

    public UdpEndpoint? Edge { get; private set; }

    /// <summary>What it wrote until it served.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>Starts it at free ports. It has begun to serve, and is ready.</summary>
    public static async Task<RunningHost> StartAsync(string assembly, string folder, bool hasEdge, params string[] args)
    {
        var host = new RunningHost(ChildProcess.Start(assembly, folder, ["--urls=http://127.0.0.1:0", .. args]));
        try
        {
            while (host.Client.BaseAddress is null || (hasEdge && host.Edge is null))
            {
                host.Read(await host.Process.ReadLineAsync() ?? throw new InvalidOperationException($"It ended: {host.Process.Error.Text}"));
            }

            await Eventually.ReadAsync(async () => (await host.Client.GetAsync("/health/ready")).StatusCode, code => code == HttpStatusCode.OK);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async Task<int> StopAsync() => await Process.StopAsync();

    /// <summary>What a node elsewhere gets through the edge, over UDP. It asks again while a busy machine keeps the edge from answering.</summary>
    public async Task<string?> GetAsync(string key)
    {
        await using var node = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").BuildAsync();
        await node.StartAsync();
        return (await Eventually.ReadAsync(AskAsync, got => got.Found || got.Lookup is { Answered: > 0 })).Value;

        async Task<TypedResult<string>> AskAsync()
        {
            await node.BootstrapAsync([Edge!.Value.ToString()]);
            return await node.GetAsync<string>(key);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Process.DisposeAsync();
    }

    private ChildProcess Process { get; } = process;

    private void Read(string line)
    {
        Lines.Add(line);
        if (line.IndexOf(Http, StringComparison.Ordinal) is >= 0 and var at)
        {
            Client.BaseAddress = new Uri(line[(at + Http.Length)..].Trim());
        }
        else if (line.Split("listening udp ") is [_, var listening])
        {
            Edge = UdpEndpoint.Parse(listening.Split(' ')[0]);
        }
    }
}
