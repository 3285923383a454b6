using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace KadOrleans.Lab;

/// <summary>
/// <c>kad-lab layers</c>: a whole run in some two minutes, with allocations. The benchmarks run inside this process, so that none is
/// built first. For firmer numbers, ask for more: <c>-- --iterationCount 15</c>.
/// </summary>
internal static class LayersCommand
{
    private const int Warmups = 3;
    private const int Iterations = 5;
    private static readonly TimeInterval IterationTime = TimeInterval.FromMilliseconds(200);

    public static Command Create()
    {
        var filters = new Argument<string[]>("filter")
        {
            Description = "Names with *, '*Lookup*' for one; all without. Options of BenchmarkDotNet follow --.",
            DefaultValueFactory = _ => ["*"],
        };
        var command = new Command("layers", "Measure what each layer costs.") { filters };
        command.SetAction(parsed => BenchmarkSwitcher.FromAssembly(typeof(LayersCommand).Assembly)
            .Run(["--filter", .. parsed.GetRequiredValue(filters)], Config())
            .Any(summary => summary.HasCriticalValidationErrors) ? ExitCode.Failed : ExitCode.Done);
        return command;
    }

    private static ManualConfig Config() => ManualConfig.CreateEmpty()
        .AddJob(Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(Warmups)
            .WithIterationCount(Iterations)
            .WithIterationTime(IterationTime))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .HideColumns(Column.Error, Column.Median, Column.RatioSD, Column.Gen0, Column.Gen1, Column.Gen2)
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(MarkdownExporter.GitHub);
}
