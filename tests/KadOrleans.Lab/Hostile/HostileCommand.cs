namespace KadOrleans.Lab;

/// <summary><c>kad-lab hostile</c>: what each attack achieves, as tables.</summary>
internal static class HostileCommand
{
    public static Command Create(CommandIo io)
    {
        var seed = new NumberOption<int>("--seed", "N", 0, int.MaxValue, "Seed of the simulated attacks", 1);
        var table = new Option<string?>("--table") { Description = "One of the simulated tables, such as lives.", HelpName = "NAME" };
        var all = Verb("hostile", "Print what each attack achieves, as tables: about 20 minutes.", true, true, "", "simulated --table lives", "sockets");
        var simulated = Verb("simulated", "Run the attacks on virtual time.", true, false, "simulated --seed 2", "simulated --table lives");
        var sockets = Verb("sockets", "Run the attacks over sockets, each in a network namespace of Linux.", false, true, "sockets", "sockets > tables.md");
        return all.With(simulated, sockets, Inside(io));

        ExampleCommand Verb(string name, string description, bool virtualTime, bool realSockets, params string[] examples)
        {
            var verb = new ExampleCommand(name, description) { Examples = [.. examples.Select(line => $"kad-lab hostile {line}".TrimEnd())] }
                .With(virtualTime ? [seed, table] : []);
            verb.SetAction((parsed, cancellationToken) =>
            {
                var wanted = parsed.GetResult(table) is null ? null : parsed.GetValue(table);
                return LabCommand.RunInterruptiblyAsync(
                    () => HostileTables.RunAsync(io, virtualTime, realSockets, seed.Read(parsed), wanted), cancellationToken);
            });
            return verb;
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
