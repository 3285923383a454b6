using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using Xunit.v3;

namespace KadOrleans.Infra.Tests.Monitoring;

/// <summary>A test that is there where promtool is; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class PromtoolFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    public bool IsPossible => Promtool.IsThere;
}
