namespace KadOrleans.Lab;

/// <summary><c>kad-lab fuzz</c>: mutated datagrams, by seed, against the decoders and a whole node.</summary>
internal static class FuzzCommand
{
    private static readonly NumberOption<int> Seconds = new("--seconds", "N", 0, 86_400, "How long to run", 10);

    private static readonly NumberOption<long> Seed = new("--seed", "N", 0, long.MaxValue, "Seed of the mutations", 1);

    private static readonly NumberOption<long> Iteration =
        new("--iteration", "N", 0, long.MaxValue, "Repeat one iteration", byDefault: "all that the time allows");

    private static readonly NumberOption<long> Datagrams =
        new("--datagrams", "N", 0, long.MaxValue, "Send so many to one node that is never restarted", byDefault: "sessions of new nodes");

    public static Command Create(CommandIo io)
    {
        var command = new ExampleCommand("fuzz", "Send mutated datagrams to the decoders and to a whole node.")
        {
            Examples = ["kad-lab fuzz --seconds 60 --seed 2", "kad-lab fuzz --datagrams 10000000"],
        }.With(Seconds, Seed, Iteration, Datagrams);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new FuzzOptions(Seconds.Read(parsed), (ulong)Seed.Read(parsed), Iteration.Find(parsed));
            return LabCommand.RunInterruptiblyAsync(() => Task.FromResult(Run(options, Datagrams.Find(parsed), io.Output)), cancellationToken);
        });
        return command;
    }

    private static int Run(FuzzOptions options, long? datagrams, TextWriter output) => datagrams is { } count
        ? new SoakRun(options.Seed, Corpus.Load(), output).Run(count)
        : new FuzzRunner(options, Corpus.Load(), [("wire", _ => new WireTarget()), ("engine", random => new NodeSession(random))], output).Run();
}

internal sealed record FuzzOptions(int Seconds, ulong Seed, long? Iteration);
