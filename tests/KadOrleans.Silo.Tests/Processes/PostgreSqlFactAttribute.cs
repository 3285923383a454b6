using System.Runtime.CompilerServices;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>
/// A test that runs where PostgreSQL and the folder of schema scripts are, and elsewhere only when it is asked for by the
/// runner's option for explicit tests: it is not counted as skipped.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgreSqlFactAttribute : FactAttribute
{
    public PostgreSqlFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Explicit = !PostgreSqlServer.IsThere;
    }
}
