using System.Runtime.CompilerServices;
using Xunit.v3;

namespace KadOrleans.Infra.Tests.Monitoring;

/// <summary>A test that is there where promtool is; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(PromtoolFactDiscoverer))]
public sealed class PromtoolFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber);
