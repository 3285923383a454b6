using System.Net;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary><c>kad node</c> as a process with a data folder, which can be killed and started again where it was.</summary>
internal sealed class NodeServer(string folder, string name, params string[] options) : RestartableServer, INetworkNode
{
    public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Udp());

    public string Id { get; private set; } = string.Empty;

    public override async Task StartAsync()
    {
        Process = ChildProcess.Start(
            "kad", folder, ["node", "--listen", Address.ToString(), "--data", Path.Combine(folder, name), .. options]);
        Id = (await Process.LineAsync($"listening udp {Address} id ")).Split(' ')[4];
    }
}
