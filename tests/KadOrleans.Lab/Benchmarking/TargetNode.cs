
namespace KadOrleans.Lab;

/// <summary>
/// A node to be loaded: <c>kad node</c> with a data folder of its own that has keys and contacts as a node leaves them behind.
/// It starts as any node does: whatever it saved is verified, so each contact is pinged and answers. No option is other
/// than by default, but for the status pages that tell its garbage collections.
/// </summary>
internal sealed class TargetNode : IAsyncDisposable
{
    // Of that many random ids a table takes more contacts than anybody asks for.
    private const int MostTries = 1_000_000;

    // They share transactions, and stay below what the storage queues.
    private const int WritesAtOnce = 4_096;

    private readonly DirectoryInfo _folder;

    private TargetNode(DirectoryInfo folder, ChildCommand process) => (_folder, Process) = (folder, process);

    public ChildCommand Process { get; }

    public static Contact[] ChooseContacts(NodeId own, int contacts, ushort port)
    {
        var random = new CryptographicRandomSource();
        var table = new RoutingTable(own, new KademliaOptions(), new SubnetDiversity(), DateTimeOffset.UnixEpoch);
        for (var tries = 0; table.Count < contacts && tries < MostTries; tries++)
        {
            var endpoint = UdpEndpoint.FromIPv4(LoopbackSources.AddressOf(table.Count), port);
            var contact = new Contact(NodeId.Random(random), endpoint);
            if (!table.Contains(endpoint))
            {
                table.Apply(ContactObservation.Answered(contact), DateTimeOffset.UnixEpoch);
            }
        }

        return [.. table.Snapshot.Contacts.OrderBy(contact => contact.Endpoint.AddressLow)];
    }

    public static async Task<TargetNode> StartAsync(CommandIo io, NodeState state, byte[] keys, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("kad-bench-");
        try
        {
            await FillAsync(io, folder.FullName, state, keys, cancellationToken);
            var process = await ChildCommand.StartAsync(
                io, "kad", ["node", "--listen", "127.0.0.1:0", "--data", folder.FullName, "--http", "127.0.0.1:0"], cancellationToken);
            return new TargetNode(folder, process);
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static async Task FillAsync(CommandIo io, string folder, NodeState state, byte[] keys, CancellationToken cancellationToken)
    {
        await using var database = SqliteDatabase.Open(folder, StoreQuota.Unlimited);
        await using var store = new SqliteKeyStore(database);
        var now = TimeProvider.System.GetUtcNow();
        var value = new StoredValue(
            DhtValue.FromBytes(new byte[RequestTemplate.ValueLength]), now, now + new KademliaOptions().ValueTimeToLive, SourceNetwork.Trusted);
        var (stored, all, lines) = (0, keys.Length / NodeId.Length, new ProgressLines(io));
        foreach (var some in Enumerable.Range(0, all).Chunk(WritesAtOnce))
        {
            var results = await Task.WhenAll(some.Select(key => store.PutAsync(KeyAt(keys, key), value, PutKind.Publication, cancellationToken).AsTask()));
            if (results.Any(result => result != StoreResult.Stored))
            {
                throw CommandException.Failed($"The keys could not be stored in '{folder}'.");
            }

            stored += some.Length;
            lines.Say($"storing keys: {stored:N0} of {all:N0}");
        }

        await new SqliteNodeStateStore(database).SaveAsync(state, cancellationToken);
    }

    private static NodeId KeyAt(byte[] keys, int index) => new(keys.AsSpan(index * NodeId.Length, NodeId.Length));
}
