namespace KadOrleans.Lab;

/// <summary>Makes targets ready for a load: contacts, proved sources, keys. Ends what it has started.</summary>
internal sealed class TargetPreparation(CommandIo io, BenchSettings settings, LoadRunner runner, byte[] keys, ushort port) : IAsyncDisposable
{
    // Each source sends one request at first: to be proved, or to become a contact.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPreload = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PreloadPerKey = TimeSpan.FromMicroseconds(500);

    private const int Preloading = 64;

    // A target that pings nobody anew for so many looks has taken what it takes.
    private const int FruitlessLooks = 6;
    private const int LooksBetweenPings = 4;

    private readonly Stack<ChildCommand> _started = [];
    private readonly Stack<TemporaryFolder> _folders = [];
    private readonly int _sources = settings.Sources ?? BenchSettings.DefaultSources;

    public async Task<LoadTarget> StartNodeAsync(string name)
    {
        var own = NodeId.Random(new CryptographicRandomSource());
        var contacts = ContactsOf(own);
        _folders.Push(new TemporaryFolder());
        var process = await TargetNode.StartAsync(io, _folders.Peek().Path, new NodeState(own, contacts), keys, runner.CancellationToken);
        _started.Push(process);
        var target = TargetOf(name, process, contacts);
        await runner.SettleAsync(target, contacts.Length, settings.Keys);
        await ProveAsync(target);
        return target;
    }

    /// <summary>Starts the Python implementation. Its contacts ask: each unknown id would cost it a walk over all its keys.</summary>
    public async Task<LoadTarget> StartPythonAsync(string name, string interpreter)
    {
        var process = await ChildCommand.StartPythonAsync(
            io,
            "kademlia",
            ("--python", interpreter),
            $"install it with '{interpreter} -m pip install kademlia', or name another interpreter",
            ["Benchmarking.reference.py"],
            runner.CancellationToken);
        _started.Push(process);
        var contacts = ContactsOf(process.Id);
        var target = TargetOf(name, process, contacts);
        await FillAsync(target, contacts);
        return target;
    }

    /// <summary>
    /// Prepares a node that somebody runs. Requests come from a client id, so that the target makes no contacts that are soon gone. It gets
    /// contacts by pings only where they were requested.
    /// </summary>
    public async Task<LoadTarget> UseAsync(string name, UdpEndpoint endpoint)
    {
        var contacts = settings.Contacts is > 0 and var count
            ? TargetNode.ChooseContacts(await AskIdAsync(name, endpoint), count, port)
            : [];
        var senders = Enumerable.Repeat(DhtNode.ClientId, endpoint.IsLoopback ? _sources : 1);
        var target = new LoadTarget(name, endpoint, new PeerResponder(IdsOf(contacts)), [.. senders]);
        await FillAsync(target, contacts);
        return target;
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out var started))
        {
            await started.DisposeAsync();
        }

        while (_folders.TryPop(out var folder))
        {
            folder.Dispose();
        }
    }

    private Contact[] ContactsOf(NodeId own) => TargetNode.ChooseContacts(own, settings.Contacts ?? BenchSettings.DefaultContacts, port);

    private LoadTarget TargetOf(string name, ChildCommand process, Contact[] contacts)
    {
        var ids = IdsOf(contacts);
        return new LoadTarget(name, process.Endpoint, new PeerResponder(ids), ids[.._sources]) { Process = process };
    }

    // Sources that are no contacts are clients.
    private NodeId[] IdsOf(Contact[] contacts) => [.. Enumerable.Range(0, Math.Max(contacts.Length, _sources))
        .Select(i => i < contacts.Length ? contacts[i].Id : DhtNode.ClientId)];

    private async Task FillAsync(LoadTarget target, Contact[] contacts)
    {
        await MakeContactsAsync(target, Array.ConvertAll(contacts, contact => contact.Id));
        await ProveAsync(target);
        await StoreAsync(target);
    }

    private async Task<NodeId> AskIdAsync(string name, UdpEndpoint endpoint)
    {
        await using var client = await EphemeralClient.StartOnAllAsync(runner.CancellationToken);
        var pong = await client.Engine.PingAsync(endpoint, runner.CancellationToken);
        return pong.Id ?? throw DoesNotAnswer(name);
    }

    /// <summary>Has each source ask for nodes under its id, as one that joins, and answers until the target has pinged all of them, or no more.</summary>
    private async Task MakeContactsAsync(LoadTarget target, NodeId[] ids)
    {
        var load = new Load(BenchOperation.FindNode, keys, Preloading, Patience) { MostRequests = ids.Length, Senders = ids };
        var lines = new ProgressLines(io);
        for (var (pinged, fruitless) = (0, 0); pinged < ids.Length && fruitless < FruitlessLooks;)
        {
            await runner.RunAsync("making contacts", target, load);
            var looks = 0;
            await runner.ServeAsync(target, () =>
            {
                var now = target.Protocol.SourcesPinged;
                lines.Say($"{target.Name} gets its contacts: {now} of {ids.Length} pinged back");
                fruitless = now > pinged ? 0 : fruitless + 1;
                pinged = now;
                return pinged >= ids.Length || fruitless >= FruitlessLooks || ++looks >= LooksBetweenPings;
            });
        }
    }

    private async Task ProveAsync(LoadTarget target)
    {
        var sources = target.Senders.Length;
        var load = new Load(BenchOperation.FindNode, keys, sources, Patience) { MostRequests = sources };
        var proof = await runner.RunAsync("first requests", target, load);
        if (proof.Lost == sources)
        {
            throw DoesNotAnswer(target.Name);
        }
    }

    private async Task StoreAsync(LoadTarget target)
    {
        if (settings.Operation is not (BenchOperation.Ping or BenchOperation.FindNode))
        {
            var longest = LongestPreload + (settings.Keys * PreloadPerKey);
            var load = new Load(BenchOperation.Store, keys, Preloading, longest) { MostRequests = settings.Keys };
            await runner.RunAsync("storing keys", target, load);
        }
    }

    private static CommandException DoesNotAnswer(string name) => CommandException.Failed($"The target {name} does not answer.");
}
