namespace KadOrleans.Lab;

/// <summary>The built silo as a process of its own on free ports, and its HTTP.</summary>
public sealed class SiloProcess : RestartableServer
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(60) };

    private readonly string _folder;
    private readonly string[] _settings;

    private SiloProcess(string folder, string[] settings) => (_folder, _settings) = (folder, settings);

    /// <summary>Where HTTP is served; known once the silo has started.</summary>
    public Uri Http { get; private set; } = new("http://localhost");

    public static SiloProcess Start(string folder, params string[] settings)
    {
        var silo = new SiloProcess(folder, settings);
        silo.Launch();
        return silo;
    }

    public static async Task<SiloProcess> StartedAsync(string folder, params string[] settings)
    {
        var silo = new SiloProcess(folder, settings);
        await silo.StartAsync();
        return silo;
    }

    public override Task StartAsync()
    {
        Launch();
        return ServesAsync();
    }

    /// <summary>Waits until it says that it serves.</summary>
    public async Task ServesAsync()
    {
        var health = await LineAsync("health ");
        Http = new Uri(health["health ".Length..].Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
    }

    public Task<string> LineAsync(string beginning) => Process!.LineAsync(beginning);

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(Http, path));

    public static Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Client.SendAsync(request);

    public async Task<JsonElement> StatusAsync()
    {
        using var document = JsonDocument.Parse(await Client.GetStringAsync(new Uri(Http, "/status")));
        return document.RootElement.Clone();
    }

    private void Launch() => Process = ChildProcess.Start(
        ServerExecutable.Name,
        _folder,
        ["Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Listen=127.0.0.1:0", "Kad:Edge:Name=edge-of-the-test", .. _settings]);
}
