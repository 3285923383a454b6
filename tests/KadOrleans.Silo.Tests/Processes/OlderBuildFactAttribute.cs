using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>
/// A test that is there where PostgreSQL is and the environment variable <c>KAD_TEST_OLDER_BUILD</c> names a folder with silo and edge
/// of an older release; elsewhere it does not exist.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class OlderBuildFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    internal static string Folder { get; } = Environment.GetEnvironmentVariable("KAD_TEST_OLDER_BUILD") ?? string.Empty;

    public bool IsPossible => PostgreSqlServer.IsThere && File.Exists(Path.Combine(Folder, "KadOrleans.Silo.dll"));
}
