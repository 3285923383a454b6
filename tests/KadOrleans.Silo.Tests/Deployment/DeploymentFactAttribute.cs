using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using KadOrleans.Infra.Tests.Rendering;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Deployment;

/// <summary>A test that is there where kubectl, PostgreSQL and the folder of schema scripts are; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class DeploymentFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    public bool IsPossible => Kubectl.IsThere && PostgreSqlServer.IsThere;
}
