using System.Runtime.CompilerServices;
using KadOrleans.Infra.Tests.Conditions;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Tls;

/// <summary>A test that is there where openssl and a POSIX shell are; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ConditionalFactDiscoverer))]
public sealed class OpenSslFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber), IConditionalFact
{
    public bool IsPossible { get; } = !OperatingSystem.IsWindows() && (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, "openssl")));
}
