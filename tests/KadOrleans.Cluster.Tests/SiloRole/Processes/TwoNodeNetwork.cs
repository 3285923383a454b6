namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Two node processes that know each other, shared by the scenarios of one class.</summary>
public abstract class TwoNodeNetwork : IAsyncLifetime
{
    /// <summary>Clients ask from an address whose limits do not apply; other loopback addresses are strangers'.</summary>
    private protected const string Trusted = "127.0.0.1/32";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Where the processes keep what they keep.</summary>
    private protected string Folder { get; } = Directory.CreateTempSubdirectory("kad-scenarios-").FullName;

    /// <summary>The network's first node.</summary>
    internal abstract INetworkNode First { get; }

    /// <summary>The node that joined through the first.</summary>
    internal abstract INetworkNode Second { get; }

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        await JoinedAsync();
        await StoresAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Waits until each node tells of the other.</summary>
    internal Task JoinedAsync() => Task.WhenAll(KnowsAsync(First, Second), KnowsAsync(Second, First));

    private async Task StoresAsync()
    {
        await using var client = await NetworkClient.JoinAsync(First);
        await client.SetUntilStoredAsync(NodeId.Random(new CryptographicRandomSource()), DhtValue.FromBoolean(true), nodes: 2);
    }

    private protected abstract Task StartAsync();

    private protected abstract Task StopAsync();

    // What a node knows can only be asked for, so this asks again by a timer.
    private static async Task KnowsAsync(INetworkNode node, INetworkNode other)
    {
        using var stranger = new Stranger(node.Address);
        using var deadline = new CancellationTokenSource(Longest);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var id = NodeId.Parse(other.Id);

        // Not the neighbour's own id: an answer leaves out who is asked for.
        while ((await stranger.FindNodeAsync(NodeId.MaxValue)).All(contact => contact.Id != id))
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }
}
