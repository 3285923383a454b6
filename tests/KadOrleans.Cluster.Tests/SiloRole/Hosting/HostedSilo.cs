using Microsoft.Extensions.Hosting;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo in the test's process as the executable builds it, and its HTTP.</summary>
internal sealed class HostedSilo : IAsyncDisposable
{
    private readonly StringWriter _log = new();
    private readonly HttpClient _http = new();
    private readonly IHost _host;

    private HostedSilo(string folder, string[] settings)
    {
        string[] all =
        [
            "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Enabled=false", $"Kad:Data={folder}", .. settings,
        ];
        _host = SiloHost.Build(all, new KadProviders(), TextWriter.Null, TextWriter.Synchronized(_log));
    }

    /// <summary>Where HTTP is served.</summary>
    public Uri Http { get; private set; } = new("http://localhost");

    /// <summary>All that it has logged.</summary>
    public string Log => _log.ToString();

    /// <summary>Starts one without an edge, on free ports, with its data in a folder.</summary>
    public static async Task<HostedSilo> StartAsync(string folder, params string[] settings)
    {
        var silo = new HostedSilo(folder, settings);
        await silo._host.StartAsync();
        var health = Announcer.Lines(silo._host.Services).Last().Split(["health ", "/health/ready"], StringSplitOptions.None)[1];
        silo.Http = new Uri(health.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        return silo;
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(new Uri(Http, path));

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        _http.Dispose();
        await _log.DisposeAsync();
    }
}
