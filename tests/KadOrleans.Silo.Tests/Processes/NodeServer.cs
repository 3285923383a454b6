using System.Net;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary><c>kad node</c> as a process with a data folder, which can be killed and started again where it was.</summary>
internal sealed class NodeServer(string folder, string name, params string[] options) : INetworkNode
{
    private ChildProcess? _process;

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Udp());

    public string Id { get; private set; } = string.Empty;

    public async Task StartAsync()
    {
        _process = ChildProcess.Start(
            "kad", folder, ["node", "--listen", Address.ToString(), "--data", Path.Combine(folder, name), .. options]);
        Id = (await _process.LineAsync($"listening udp {Address} id ")).Split(' ')[4];
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    public async Task<int> StopAsync()
    {
        var code = await _process!.StopAsync();
        await _process.DisposeAsync();
        _process = null;
        return code;
    }

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
