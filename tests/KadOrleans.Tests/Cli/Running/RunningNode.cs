namespace KadOrleans.Tests.Cli;

/// <summary>A node in memory that the tests of a class share. Each of them has keys of its own.</summary>
public sealed class RunningNode : IAsyncLifetime
{
    private NodeProcess _process = null!;

    /// <summary>IP:PORT.</summary>
    public string Address => _process.Address;

    public string Id => _process.Id;

    /// <summary>Runs a command that must be done through this node.</summary>
    internal Task<KadRun> DoneAsync(string command, params string[] args) => KadRun.DoneAsync([command, "--via", Address, .. args]);

    /// <summary>What a <c>get</c> of a key writes.</summary>
    internal async Task<string> GetAsync(params string[] args) => (await DoneAsync("get", args)).Output;

    public async ValueTask InitializeAsync() => _process = await NodeProcess.StartAsync("--in-memory");

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
