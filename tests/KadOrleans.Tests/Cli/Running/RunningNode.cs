namespace KadOrleans.Tests.Cli;

/// <summary>A node in memory that the tests of a class share. Each of them has keys of its own.</summary>
public sealed class RunningNode : IAsyncLifetime
{
    /// <summary>IP:PORT.</summary>
    public string Address => Process.Address;

    public string Id => Process.Id;

    private NodeProcess Process { get; set; } = null!;

    public async ValueTask InitializeAsync() => Process = await NodeProcess.StartAsync("--in-memory");

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
