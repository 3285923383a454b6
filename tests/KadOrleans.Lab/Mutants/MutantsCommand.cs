namespace KadOrleans.Lab;

/// <summary><c>kad-lab mutants</c>: whether the tests of each area notice when one of its decisions is changed.</summary>
internal static class MutantsCommand
{
    private static readonly NumberOption<int> Count = new("--count", "N", 1, 100_000, "How many mutants are drawn", 300);
    private static readonly NumberOption<int> Seed = new("--seed", "S", int.MinValue, int.MaxValue, "Decides which are drawn", 1);

    private static readonly Option<string?> Area = new("--area")
    {
        Description = $"One area alone: {string.Join(", ", MutationArea.All.Select(area => area.Name.ToLowerInvariant()))}. [default: all, in equal parts]",
    };

    public static Command Create(CommandIo io)
    {
        var json = CommonOptions.Json();
        var command = new ExampleCommand("mutants", "Change one decision at a time in built assemblies, and run the tests of its area.")
        {
            Examples = ["kad-lab mutants --count 300 --seed 1", "kad-lab mutants --area wire --count 50 --seed 7 --json"],
            Notes = """
                A mutant survives if all tests of its area pass in time. Each runs in a process of its own, in a copy of what was built of
                tests/KadOrleans.Tests. Those that survive are printed with their lines: each needs a test, or cannot be told from the original.
                """,
        }.With(Count, Seed, Area, json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var run = new MutantRun(Read(parsed.GetValue(Area)), Count.Read(parsed), Seed.Read(parsed), new ProgressLog(io.Error));
            var report = await run.RunAsync(cancellationToken);
            await io.Output.WriteLineAsync(parsed.GetValue(json) ? report.ToJson() : report.ToText());
            return 0;
        });
        return command;
    }

    private static IReadOnlyList<MutationArea> Read(string? name)
    {
        if (name is null)
        {
            return MutationArea.All;
        }

        var area = MutationArea.All.SingleOrDefault(area => area.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return area is not null
            ? [area]
            : throw CommandException.WrongUsage(
                $"--area is '{name}'; allowed are {string.Join(", ", MutationArea.All.Select(one => one.Name.ToLowerInvariant()))}.");
    }
}
