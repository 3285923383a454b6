namespace KadOrleans.Lab;

/// <summary>An edge process of its own with one node id, which can be killed and started again where it was.</summary>
public sealed class EdgeServer(string folder, string name, params string[] settings) : RestartableServer
{
    private readonly int _port = FreePort.Udp();

    /// <summary>Its assembly, without the extension; a path where it does not lie beside whoever starts it.</summary>
    public string Assembly { get; set; } = ServerExecutable.Name;

    public IPEndPoint Address => new(Host.Address, _port);

    /// <summary>The node id that it serves, as of the last start.</summary>
    public string Id { get; private set; } = string.Empty;

    /// <summary>Starts it and waits until it has its id.</summary>
    public override async Task StartAsync()
    {
        Launch();
        await ListeningAsync();
    }

    public void Launch() => Process = ChildProcess.StartInside(
        Host.Inside,
        Assembly,
        folder,
        ["Kad:Role=Edge", $"Kad:Edge:Name={name}", $"Kad:Edge:Listen={Address}", $"Kad:Edge:Trust={Host.Range}", "Kad:Http=127.0.0.1:0", .. settings]);

    public async Task ListeningAsync()
    {
        var words = (await Process!.LineAsync($"listening udp {Address} id ")).Split(' ');
        Id = words[4];
    }
}
