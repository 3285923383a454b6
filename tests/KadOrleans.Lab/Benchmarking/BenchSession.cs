using System.Security.Cryptography;

namespace KadOrleans.Lab;

/// <summary>One run of <c>kad-lab bench</c>: targets, load, echoes, and what came of them.</summary>
internal sealed class BenchSession(CommandIo io, BenchSettings settings)
{
    public async Task<BenchOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var given = new Dictionary<BenchTarget, UdpEndpoint>();
        foreach (var target in settings.Targets.Where(target => target.Kind == TargetKind.Given))
        {
            given[target] = await ResolveAsync(target, cancellationToken);
        }

        using var socket = new LoadSocket();
        var generator = new LoadGenerator(socket);
        var runner = new LoadRunner(io, generator, cancellationToken);
        var keys = RandomNumberGenerator.GetBytes(settings.Keys * NodeId.Length);
        await using var preparation = new TargetPreparation(io, settings, runner, keys, socket.Port);
        var prepared = new Dictionary<BenchTarget, LoadTarget>();

        // What can be missing first: our own node takes longest.
        foreach (var target in settings.Targets.OrderByDescending(target => target.Kind))
        {
            prepared[target] = target.Kind switch
            {
                TargetKind.Started => await preparation.StartNodeAsync(target.Name),
                TargetKind.Python => await preparation.StartPythonAsync(target.Name, settings.Python),
                _ => await preparation.UseAsync(target.Name, given[target]),
            };
        }

        var asked = settings.Operation == BenchOperation.FindMissing ? RandomNumberGenerator.GetBytes(keys.Length) : keys;
        return await new TurnMeasurement(io, settings, runner, asked).RunAsync([.. settings.Targets.Select(target => prepared[target])]);
    }

    public static string NameOf(BenchOperation operation) => JsonNamingPolicy.SnakeCaseLower.ConvertName(operation.ToString());

    private async Task<UdpEndpoint> ResolveAsync(BenchTarget target, CancellationToken cancellationToken)
    {
        var found = (await Target.ResolveAsync("--target", [$"[{target.Address.Host}]:{target.Address.Port}"], io, cancellationToken))[0].Endpoints;
        if (!found.Any(endpoint => endpoint.IsIPv4))
        {
            throw CommandException.WrongUsage($"--target is '{found[0]}'; an IPv4 address, or a name that has one, is needed.");
        }

        var endpoint = found.First(endpoint => endpoint.IsIPv4);
        return endpoint.IsLoopback
            ? endpoint
            : (settings.Sources, settings.Contacts) switch
            {
                ( > 1, _) => throw CommandException.WrongUsage(
                    $"--sources is '{settings.Sources}'; only a target on 127.0.0.0/8 is asked from more than 1, and '{endpoint}' is not."),
                (_, > 0) => throw CommandException.WrongUsage(
                    $"--contacts is '{settings.Contacts}'; only a target on 127.0.0.0/8 gets contacts, and '{endpoint}' is not."),
                _ => endpoint,
            };
    }
}
