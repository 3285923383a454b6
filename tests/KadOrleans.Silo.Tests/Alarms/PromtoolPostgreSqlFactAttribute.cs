using System.Runtime.CompilerServices;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Alarms;

/// <summary>A test that is there where promtool, PostgreSQL and the folder of schema scripts are; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(PromtoolPostgreSqlFactDiscoverer))]
public sealed class PromtoolPostgreSqlFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber);
