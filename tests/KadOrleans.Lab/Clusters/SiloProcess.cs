namespace KadOrleans.Lab;

/// <summary>The built silo as a process of its own on free ports, and its HTTP.</summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = true }) { Timeout = TimeSpan.FromSeconds(60) };

    private SiloProcess(ChildProcess process) => _process = process;

    /// <summary>Where HTTP is served; known once the silo has started.</summary>
    public Uri Http { get; private set; } = new("http://localhost");

    public bool HasExited => _process.HasExited;

    public string Errors => _process.Error.Text;

    /// <summary>Starts a process with its data in a folder.</summary>
    public static SiloProcess Start(string folder, params string[] settings)
    {
        string[] free =
        [
            "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0",
            "Kad:Edge:Listen=127.0.0.1:0", "Kad:Edge:Name=edge-of-the-test",
        ];
        return new SiloProcess(ChildProcess.Start(ServerExecutable.Name, folder, [.. free, .. settings]));
    }

    /// <summary>Starts a process and waits until it says that it serves.</summary>
    public static async Task<SiloProcess> StartedAsync(string folder, params string[] settings)
    {
        var silo = Start(folder, settings);
        await silo.ServesAsync();
        return silo;
    }

    /// <summary>Waits until it says that it serves.</summary>
    public async Task ServesAsync()
    {
        var health = await LineAsync("health ");
        Http = new Uri(health["health ".Length..].Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
    }

    /// <summary>The next line of its output that begins so.</summary>
    public Task<string> LineAsync(string beginning) => _process.LineAsync(beginning);

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(new Uri(Http, path));

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request);

    public async Task<JsonElement> StatusAsync()
    {
        using var response = await GetAsync("/status");
        response.EnsureSuccessStatusCode();
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public Task<int> TerminateAsync() => _process.StopAsync();

    /// <summary>Waits for its end and returns its exit code.</summary>
    public Task<int> ExitAsync() => _process.ExitAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
    }
}
