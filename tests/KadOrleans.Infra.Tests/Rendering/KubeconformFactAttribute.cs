using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using Xunit.v3;

namespace KadOrleans.Infra.Tests.Rendering;

/// <summary>A test that is there where kubeconform and kubectl are; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class KubeconformFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    public bool IsPossible => Kubeconform.IsThere;
}
