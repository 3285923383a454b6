using System.Reflection;
using Xunit.v3;

namespace KadOrleans.Testing.Conditions;

/// <summary>What a test needs and not every machine has. CONTRIBUTING.md says how to get it.</summary>
[Flags]
public enum Need
{
    /// <summary>Prometheus' checker of rules.</summary>
    Promtool = 1,

    /// <summary>The command that renders kustomizations.</summary>
    Kubectl = 2,

    /// <summary>The checker of manifests against the schemas of the Kubernetes API.</summary>
    Kubeconform = 4,

    /// <summary>PostgreSQL.</summary>
    PostgreSql = 8,

    /// <summary>The emulator of Azure Storage.</summary>
    Azurite = 16,

    /// <summary>Silo and edge of an older release.</summary>
    OlderBuild = 32,

    /// <summary>openssl, for the script that makes certificates.</summary>
    OpenSsl = 64,

    /// <summary>A shell with curl.</summary>
    Curl = 128,

    /// <summary>Python 3.</summary>
    Python = 256,

    /// <summary>Node.js, 18 or later.</summary>
    NodeJs = 512,

    /// <summary>A browser: Chromium.</summary>
    Chromium = 1024,

    /// <summary>A Python interpreter that can import the library kademlia.</summary>
    Kademlia = 2048,

    /// <summary>Orleans' own scripts for PostgreSQL.</summary>
    OrleansScripts = 4096,

    /// <summary>faketime, which gives a process a clock of its own.</summary>
    FakeTime = 8192,
}

/// <summary>Skips a test, or each of a class, where the machine lacks something that it needs. The reason says what.</summary>
/// <param name="needs">All that it needs.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NeedsAttribute(Need needs) : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var missing = Machine.Missing(needs);
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
    }
}
