using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>A test that is there where PostgreSQL and the folder of schema scripts are; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class PostgreSqlFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    public bool IsPossible => PostgreSqlServer.IsThere;
}
