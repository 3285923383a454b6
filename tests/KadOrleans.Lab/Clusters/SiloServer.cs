namespace KadOrleans.Lab;

/// <summary>A silo process that can be killed and started again where it was.</summary>
public sealed class SiloServer(string folder, params string[] settings) : RestartableServer
{
    private readonly string[] _settings =
    [
        "Kad:Http=127.0.0.1:0",
        "Kad:Edge:Enabled=false",
        .. settings,
    ];

    /// <summary>Its assembly, without the extension; a path where it does not lie beside whoever starts it.</summary>
    public string Assembly { get; set; } = ServerExecutable.Name;

    public TimeSpan ClockAhead { get; set; }

    /// <summary>Variables that it is started with, besides those of this process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();

    /// <summary>Where other silos find it.</summary>
    public int Port { get; } = FreePort.Tcp();

    /// <summary>Where clients find it.</summary>
    public int Gateway { get; } = FreePort.Tcp();

    /// <summary>Where HTTP is served; known once it has started.</summary>
    public Uri Http { get; private set; } = new("http://localhost");

    /// <summary>The folder that has its keys: that of its data, which has its token too, if its state is there.</summary>
    public string Data { get; init; } = Path.Combine(folder, "kad-cluster-data");

    /// <summary>The arguments of <c>kad admin</c> that name it and its own token.</summary>
    public string[] AdminArguments => ["--url", Http.GetLeftPart(UriPartial.Authority), "--data", Data];

    /// <summary>The same, as the setting of an edge.</summary>
    public string GatewaySetting => $"Kad:Cluster:Gateway={new IPEndPoint(Host.Address, Gateway)}";

    public static string ShardBits(int bits) => $"Kad:Cluster:ShardBits={bits.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Starts it and waits until it says that it serves.</summary>
    public override async Task StartAsync()
    {
        Launch();
        Http = new Uri((await Process!.LineAsync("health "))["health ".Length..]);
    }

    public void Launch() => Process = ChildProcess.StartForFileLimits(
        Assembly,
        folder,
        ClockAhead,
        Environment,
        Host.Inside,
        [$"Orleans:Endpoints:AdvertisedIPAddress={Host.Address}", PortSetting("Port", Port), .. _settings, PortSetting("GatewayPort", Gateway)]);

    /// <summary>Its disk is full: no file may grow.</summary>
    public Task FillDiskAsync() => Process!.LimitFilesAsync("1");

    /// <summary>There is room again after <see cref="FillDiskAsync"/>.</summary>
    public Task ClearDiskAsync() => Process!.LimitFilesAsync("unlimited");

    private static string PortSetting(string name, int port) => $"Kad:Silo:{name}={port.ToString(CultureInfo.InvariantCulture)}";
}
