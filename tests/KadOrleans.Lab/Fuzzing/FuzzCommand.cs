namespace KadOrleans.Lab;

/// <summary><c>kad-lab fuzz</c>: mutated inputs, by seed or by coverage, against what reads bytes of strangers and of storage.</summary>
internal static class FuzzCommand
{
    private static readonly NumberOption<int> Seconds = new("--seconds", "N", 0, 86_400, "How long to run", 10);

    private static readonly NumberOption<long> Seed = new("--seed", "N", 0, long.MaxValue, "Seed of the mutations", 1);

    private static readonly NumberOption<long> Iteration =
        new("--iteration", "N", 0, long.MaxValue, "Repeat one iteration", byDefault: "all that the time allows");

    private static readonly NumberOption<long> Datagrams =
        new("--datagrams", "N", 0, long.MaxValue, "Send so many to one node that is never restarted", byDefault: "sessions of new nodes");

    private static readonly Option<string?> Target = new("--target")
    {
        Description = $"What is fuzzed: {Names}. [default: each in turn]",
        HelpName = "NAME",
    };

    private static readonly Option<string?> Input = new("--input")
    {
        Description = "Run this file, or the files of this folder, through the target, and nothing else",
        HelpName = "PATH",
    };

    private static readonly Option<string?> SeedsTo = new("--seeds-to")
    {
        Description = "Write the target's seeds into a folder, and do nothing else",
        HelpName = "FOLDER",
    };

    private static readonly Option<bool> ByCoverage = new("--afl") { Description = "Serve afl-fuzz, which starts this program: see tests/fuzz.sh" };

    private static string Names => string.Join(", ", FuzzTarget.All.Select(target => target.Name));

    public static Command Create(CommandIo io)
    {
        var command = new ExampleCommand("fuzz", "Send mutated inputs to decoders, parsers and a whole node.")
        {
            Examples =
            [
                "kad-lab fuzz --seconds 60 --seed 2", "kad-lab fuzz --target http --input crash", "kad-lab fuzz --datagrams 10000000",
            ],
        }.With(Seconds, Seed, Iteration, Datagrams, Target, Input, SeedsTo, ByCoverage);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new FuzzOptions(Seconds.Read(parsed), (ulong)Seed.Read(parsed), Iteration.Find(parsed));
            return LabCommand.RunInterruptiblyAsync(() => Task.FromResult(Run(parsed, options, io.Output)), cancellationToken);
        });
        return command;
    }

    private static int Run(ParseResult parsed, FuzzOptions options, TextWriter output)
    {
        if (new[] { Datagrams.Find(parsed) is not null, parsed.GetValue(Input) is not null, parsed.GetValue(SeedsTo) is not null, parsed.GetValue(ByCoverage) }
            .Count(isGiven => isGiven) > 1)
        {
            throw CommandException.WrongUsage("--datagrams, --input, --seeds-to and --afl exclude each other: give one of them.");
        }

        if (Datagrams.Find(parsed) is { } count)
        {
            return new SoakRun(options.Seed, [.. FuzzTarget.Datagrams()], output).Run(count);
        }

        var name = parsed.GetValue(Target);
        var target = name is null ? null : FuzzTarget.All.FirstOrDefault(one => one.Name == name)
            ?? throw CommandException.WrongUsage($"--target is '{VisibleText.Excerpt(name)}'; {Names} are allowed.");
        if (parsed.GetValue(Input) is { } path)
        {
            return RunInputs(Needed(), path, output);
        }

        if (parsed.GetValue(SeedsTo) is { } folder)
        {
            WriteSeeds(Needed(), folder);
            return ExitCode.Done;
        }

        if (parsed.GetValue(ByCoverage))
        {
            CoverageLoop.Run(Needed());
            return ExitCode.Done;
        }

        return new FuzzRunner(options, target is null ? FuzzTarget.All : [target], output).Run();

        FuzzTarget Needed() => target ?? throw CommandException.WrongUsage($"--target is missing; one of {Names} is needed.");
    }

    private static int RunInputs(FuzzTarget target, string path, TextWriter output)
    {
        IEnumerable<string> files = Directory.Exists(path) ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal) : [path];
        var failed = 0;
        foreach (var file in files)
        {
            try
            {
                output.WriteLine($"{file}: {(CoverageLoop.RunAlone(target, Corpus.Read(file)) ? "accepted" : "refused")}");
            }
#pragma warning disable CA1031 // Any exception is what is being looked for.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failed++;
                output.WriteLine($"{file}: FAILED: {exception}");
            }
        }

        return failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WriteSeeds(FuzzTarget target, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (number, seed) in target.Seeds().Index())
        {
            File.WriteAllBytes(Path.Combine(folder, number.ToString("d4", CultureInfo.InvariantCulture)), seed);
        }
    }
}

internal sealed record FuzzOptions(int Seconds, ulong Seed, long? Iteration);
