using System.Globalization;
using System.Security.Cryptography;
using KadOrleans.Cli.Clients;
using KadOrleans.Core;
using KadOrleans.Node;
using KadOrleans.Node.Ports;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>One run of <c>kad bench</c>: target, load, echoes, and what came of them.</summary>
internal sealed class BenchSession(CommandIo io, BenchSettings settings)
{
    /// <summary>Sources where nothing is said: at 5,000 requests a second each, more than a node answers.</summary>
    public const int DefaultSources = 100;

    // Before it the target still compiles its code, and has not proved all sources.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    // The node and the echoes take turns, so that what else the machine does meets all of them.
    private const int Turns = 3;

    private const int Preloading = 64;

    private static readonly TimeSpan LongestPreload = TimeSpan.FromMinutes(1);

    private readonly byte[] _keys = RandomNumberGenerator.GetBytes(settings.Keys * NodeId.Length);

    /// <exception cref="CommandException">The target cannot be loaded.</exception>
    public async Task<BenchOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var given = await ResolveAsync(cancellationToken);
        var isLocal = given?.IsLoopback ?? true;
        if (!isLocal && settings.Sources is > 1)
        {
            throw CommandException.WrongUsage($"--sources is '{settings.Sources}'; only a target on 127.0.0.0/8 is asked from more than 1.");
        }

        var sources = isLocal ? settings.Sources ?? DefaultSources : 1;
        using var socket = new LoadSocket(choosesSource: isLocal);
        var own = NodeId.Random(new CryptographicRandomSource());
        var contacts = given is null ? TargetNode.ChooseContacts(own, settings.Contacts, socket.Port) : [];

        // A node that is not ours is asked as clients do, so that it makes no contacts of what is gone soon.
        var ids = Enumerable.Range(0, Math.Max(contacts.Length, sources))
            .Select(i => i < contacts.Length ? contacts[i].Id : DhtNode.ClientId).ToArray();
        var responder = new PeerResponder(ids);
        using var generator = new LoadGenerator(socket, responder, ids[..sources]);
        var runner = new LoadRunner(io, generator, cancellationToken);
        await using var node = given is null
            ? await TargetNode.StartAsync(io, new NodeState(own, contacts), _keys, cancellationToken)
            : null;
        var target = given ?? node!.Process.Endpoint;
        socket.SetTarget(target);
        if (node is not null)
        {
            await runner.SettleAsync(node.Process, responder, contacts.Length, settings.Keys);
        }

        await PrepareAsync(runner, sources, mustStore: node is null);
        return await MeasureAsync(runner, socket, target, node?.Process) with { Target = target, Sources = sources };
    }

    private async Task<UdpEndpoint?> ResolveAsync(CancellationToken cancellationToken)
    {
        if (settings.Target is not { } address)
        {
            return null;
        }

        var found = await HostResolver.ResolveAsync("--target", address, cancellationToken);
        return found.Any(endpoint => endpoint.IsIPv4)
            ? found.First(endpoint => endpoint.IsIPv4)
            : throw CommandException.WrongUsage($"--target is '{address}'; an IPv4 address, or a name that has one, is needed.");
    }

    /// <summary>Has each source proved by a ping, and the keys stored where they are not yet.</summary>
    private async Task PrepareAsync(LoadRunner runner, int sources, bool mustStore)
    {
        var proof = new LoadResult();
        await runner.RunAsync("first requests", CreateLoad(BenchOperation.FindNode, WarmUp) with { InFlight = sources, MostRequests = sources }, proof);
        if (proof.Lost == sources)
        {
            throw CommandException.Failed("The target does not answer.");
        }

        if (mustStore && settings.Operation is BenchOperation.FindValue or BenchOperation.Mix)
        {
            var load = CreateLoad(BenchOperation.Store, LongestPreload) with { InFlight = Preloading, MostRequests = settings.Keys };
            await runner.RunAsync("storing keys", load, new LoadResult());
        }
    }

    private async Task<BenchOutcome> MeasureAsync(LoadRunner runner, LoadSocket socket, UdpEndpoint target, ChildCommand? node)
    {
        var name = NameOf(settings.Operation);
        var load = CreateLoad(settings.Operation, WarmUp) with { Rate = settings.Rate };
        var warmUp = new LoadResult();
        await runner.RunAsync($"{name}, warming up", load, warmUp);
        var (result, single, batched) = (new LoadResult(), new LoadResult(), new LoadResult());
        if (!settings.Baseline)
        {
            await runner.RunAsync(name, load with { Duration = settings.Duration }, result, node);
            return new BenchOutcome(settings, load.Round, result, null, null);
        }

        var answers = string.Join(',', load.Round.DistinctBy(request => request.Kind)
            .Select(request => string.Create(CultureInfo.InvariantCulture, $"{request.Bytes.Length}:{warmUp.AnswerLength(request.Kind)}")));
        await using var one = await ChildCommand.StartAsync(io, ["bench-echo", "--answers", answers], runner.CancellationToken);
        await using var many = await ChildCommand.StartAsync(io, ["bench-echo", "--answers", answers, "--batch"], runner.CancellationToken);
        foreach (var echo in new[] { one, many })
        {
            socket.SetTarget(echo.Endpoint);
            await runner.RunAsync("echo, warming up", load, new LoadResult());
        }

        load = load with { Duration = settings.Duration / Turns };
        for (var turn = 0; turn < Turns; turn++)
        {
            socket.SetTarget(target);
            await runner.RunAsync(name, load, result, node);
            socket.SetTarget(one.Endpoint);
            await runner.RunAsync("echo", load, single, one);
            socket.SetTarget(many.Endpoint);
            await runner.RunAsync("echo in batches", load, batched, many);
        }

        return new BenchOutcome(settings, load.Round, result, single, batched);
    }

    private Load CreateLoad(BenchOperation operation, TimeSpan duration) =>
        new(RequestTemplate.Of(operation), _keys, settings.InFlight, duration);

    /// <summary>As it is typed.</summary>
    public static string NameOf(BenchOperation operation) => operation switch
    {
        BenchOperation.Ping => "ping",
        BenchOperation.FindNode => "find_node",
        BenchOperation.FindValue => "find_value",
        BenchOperation.Store => "store",
        _ => "mix",
    };
}
