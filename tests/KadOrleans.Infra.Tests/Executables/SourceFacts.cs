using System.Globalization;
using System.Text.RegularExpressions;
using KadOrleans.Testing;

namespace KadOrleans.Infra.Tests.Executables;

/// <summary>What the executables do that no type says which this suite could reference: read from their source.</summary>
internal static partial class SourceFacts
{
    public static IReadOnlyList<string> SiloRoutes { get; } = Routes("src/KadOrleans.Silo/Health/HealthEndpoints.cs");

    public static IReadOnlyList<string> EdgeRoutes { get; } = Routes("src/KadOrleans.Edge/Http/StatusServer.cs");

    public static int SiloStopSeconds { get; } = StopSeconds("src/KadOrleans.Silo/Hosting/SiloHost.cs");

    public static int EdgeStopSeconds { get; } = StopSeconds("src/KadOrleans.Edge/Hosting/EdgeProgram.cs");

    private static string[] Routes(string file) => [.. Route().Matches(Repository.Read(file)).Select(match => match.Groups[1].Value)];

    private static int StopSeconds(string file) =>
        int.Parse(Assert.Single(Stop().Matches(Repository.Read(file))).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("MapGet\\(\"([^\"]+)\"")]
    private static partial Regex Route();

    [GeneratedRegex(@"TimeSpan ShutdownTimeout = TimeSpan\.FromSeconds\((\d+)\)")]
    private static partial Regex Stop();
}
