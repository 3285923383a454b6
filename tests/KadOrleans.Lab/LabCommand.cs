namespace KadOrleans.Lab;

/// <summary>The <c>kad-lab</c> command: what the process runs, and what a test can run without one.</summary>
public static class LabCommand
{
    public const string Name = "kad-lab";

    /// <summary>Runs one command line and returns its <see cref="ExitCode"/>. A mistake ends in a sentence, never in an exception.</summary>
    public static Task<int> RunAsync(string[] args, CommandIo io, CancellationToken cancellationToken = default) =>
        Create(io).RunAsync(args, io, cancellationToken);

    /// <summary>Runs what takes no token, until it ends or is interrupted. The end of the process ends it too.</summary>
    public static Task<int> RunInterruptiblyAsync(Func<Task<int>> run, CancellationToken cancellationToken) =>
        Task.Run(run, CancellationToken.None).WaitAsync(cancellationToken);

    private static ProgramCommand Create(CommandIo io)
    {
        var program = new ProgramCommand(
            Name,
            "Measure nodes under load, attack them, simulate networks of them, and compute what a cluster costs.",
            [
                $"{Name} bench --op find_node --seconds 5",
                $"{Name} simulate --nodes 1000 --dead 20",
                $"{Name} cost --puts 100 --keys 1000000",
            ])
        {
            SimulateCommand.Create(io),
            CutCommand.Create(io),
            UpkeepCommand.Create(io),
            BenchCommand.Create(io),
            CostCommand.Create(io),
            HostileCommand.Create(io),
            FuzzCommand.Create(io),
            MutantsCommand.Create(io),
            LayersCommand.Create(),
            FaultsCommand.Create(io),
            BenchEchoCommand.Create(io),
            KillTargetCommand.Create(io),
        };
        foreach (var measurement in MeasureCommands.Create(io))
        {
            program.Add(measurement);
        }

        return program;
    }
}
