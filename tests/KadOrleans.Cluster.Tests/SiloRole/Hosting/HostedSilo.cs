namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo in the test's process as the executable builds it, on free ports, by default without an edge, and its HTTP.</summary>
internal sealed class HostedSilo : IAsyncDisposable
{
    private readonly StringWriter _log = new();
    private readonly HttpClient _http = new();
    private readonly IHost _host;
    private bool _isRunning;

    /// <summary>A silo that does not run, with its data in a folder.</summary>
    public HostedSilo(string folder, params string[] settings)
    {
        string[] all = [.. OnFreePorts, "Kad:Edge:Enabled=false", $"Kad:Data={folder}", .. settings];
        _host = SiloHost.Build(all, new KadProviders(), TextWriter.Null, TextWriter.Synchronized(_log));
    }

    public static string[] OnFreePorts { get; } =
        ["Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Listen=127.0.0.1:0"];

    public Uri Http { get; private set; } = new("http://localhost");

    public string Log => _log.ToString();

    public IServiceProvider Services => _host.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public static async Task<HostedSilo> StartAsync(string folder, params string[] settings)
    {
        var silo = new HostedSilo(folder, settings);
        silo._isRunning = true;
        await silo._host.StartAsync();
        var health = ServerProgram.AddressLines(silo.Services).Last().Split(["health ", "/health/ready"], StringSplitOptions.None)[1];
        silo.Http = new Uri(health.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        return silo;
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(new Uri(Http, path));

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request);

    public async Task StopAsync()
    {
        if (_isRunning)
        {
            _isRunning = false;
            await _host.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        _http.Dispose();
        await _log.DisposeAsync();
    }
}
