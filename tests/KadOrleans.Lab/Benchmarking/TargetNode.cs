namespace KadOrleans.Lab;

/// <summary>
/// A node to be loaded: <c>kad node</c> with a data folder of its own that has keys and contacts as a node leaves them behind.
/// It starts as any node does: whatever it saved is verified, so each contact is pinged and answers. No option is other
/// than by default, but for the status pages that tell its garbage collections.
/// </summary>
internal static class TargetNode
{
    // Of that many random ids a table takes more contacts than anybody asks for.
    private const int MostTries = 1_000_000;

    // They share transactions, and stay below what the storage queues.
    private const int WritesAtOnce = 4_096;

    public static Contact[] ChooseContacts(NodeId own, int contacts, ushort port)
    {
        var random = new CryptographicRandomSource();
        var table = new RoutingTable(own, new KademliaOptions(), new SubnetDiversity(), DateTimeOffset.UnixEpoch);
        for (var tries = 0; table.Count < contacts && tries < MostTries; tries++)
        {
            var endpoint = UdpEndpoint.FromIPv4(LoopbackSources.AddressOf(table.Count), port);
            if (!table.Contains(endpoint))
            {
                table.Apply(ContactObservation.Answered(new Contact(NodeId.Random(random), endpoint)), DateTimeOffset.UnixEpoch);
            }
        }

        return [.. table.Snapshot.Contacts.OrderBy(contact => contact.Endpoint.AddressLow)];
    }

    public static async Task<ChildCommand> StartAsync(
        CommandIo io, string folder, NodeState state, byte[] keys, CancellationToken cancellationToken)
    {
        await FillAsync(io, folder, state, keys, cancellationToken);
        return await ChildCommand.StartAsync(
            io, "kad", ["node", "--listen", "127.0.0.1:0", "--data", folder, "--http", "127.0.0.1:0"], cancellationToken);
    }

    private static async Task FillAsync(CommandIo io, string folder, NodeState state, byte[] keys, CancellationToken cancellationToken)
    {
        await using var file = SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
        var now = TimeProvider.System.GetUtcNow();
        var value = new StoredValue(
            DhtValue.FromBytes(new byte[RequestTemplate.ValueLength]), now, now + new KademliaOptions().ValueTimeToLive, SourceNetwork.Trusted);
        var (stored, all, lines) = (0, keys.Length / NodeId.Length, new ProgressLines(io));
        foreach (var some in keys.Chunk(NodeId.Length).Select(key => new NodeId(key)).Chunk(WritesAtOnce))
        {
            var results = await Task.WhenAll(some.Select(key => file.Keys.PutAsync(key, value, PutKind.Publication, cancellationToken).AsTask()));
            if (results.Any(result => result != StoreResult.Stored))
            {
                throw CommandException.Failed($"The keys could not be stored in '{folder}'.");
            }

            stored += some.Length;
            lines.Say($"storing keys: {stored:N0} of {all:N0}");
        }

        await file.States.SaveAsync(state, cancellationToken);
    }
}
