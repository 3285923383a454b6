namespace KadOrleans.Lab;

/// <summary><c>kad-lab hostile</c>: what each attack achieves, as tables.</summary>
internal static class HostileCommand
{
    public static Command Create(CommandIo io)
    {
        var seed = new NumberOption<int>("--seed", "N", 0, int.MaxValue, "Seed of the simulated attacks", 1);
        var table = new Option<string?>("--table") { Description = "One of the simulated tables, such as lives.", HelpName = "NAME" };
        var command = new ExampleCommand("hostile", "Print what each attack achieves, as tables: about 20 minutes.")
        {
            Examples = ["kad-lab hostile", "kad-lab hostile simulated --table lives", "kad-lab hostile sockets"],
        }.With(seed, table);
        command.SetAction((parsed, cancellationToken) => RunAsync(true, true, parsed, cancellationToken));
        var simulated = new ExampleCommand("simulated", "The attacks on virtual time.")
        {
            Examples = ["kad-lab hostile simulated --seed 2", "kad-lab hostile simulated --table lives"],
        }.With(seed, table);
        simulated.SetAction((parsed, cancellationToken) => RunAsync(true, false, parsed, cancellationToken));
        var sockets = new ExampleCommand("sockets", "The attacks over sockets, each in a network namespace of Linux.")
        {
            Examples = ["kad-lab hostile sockets", "kad-lab hostile sockets > tables.md"],
        };
        sockets.SetAction((parsed, cancellationToken) => RunAsync(false, true, parsed, cancellationToken));
        return command.With(simulated, sockets, Inside(io));

        Task<int> RunAsync(bool virtualTime, bool realSockets, ParseResult parsed, CancellationToken cancellationToken)
        {
            var wanted = parsed.GetResult(table) is null ? null : parsed.GetValue(table);
            return LabCommand.RunInterruptiblyAsync(
                () => HostileTables.RunAsync(io, virtualTime, realSockets, seed.Read(parsed), wanted), cancellationToken);
        }
    }

    // What SocketAttacks starts in a sandbox.
    private static ExampleCommand Inside(CommandIo io)
    {
        var attack = new Argument<string>("attack");
        var settings = new Argument<string>("settings");
        var inside = new ExampleCommand(SocketAttacks.Verb, "Run one attack, without a namespace of its own.")
        {
            Examples = ["kad-lab hostile inside flood {}", "kad-lab hostile inside fill {\"Count\":100}"],
            Hidden = true,
        }.With(attack, settings);
        inside.SetAction(async (parsed, _) =>
        {
            await SocketAttacks.RunInsideAsync(parsed.GetValue(attack)!, parsed.GetValue(settings)!, io.Output);
            return ExitCode.Done;
        });
        return inside;
    }
}
