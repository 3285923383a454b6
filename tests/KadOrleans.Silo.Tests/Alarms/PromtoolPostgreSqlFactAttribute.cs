using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using KadOrleans.Infra.Tests.Monitoring;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Alarms;

/// <summary>A test that is there where promtool, PostgreSQL and the folder of schema scripts are; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class PromtoolPostgreSqlFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    public bool IsPossible => Promtool.IsThere && PostgreSqlServer.IsThere;
}
