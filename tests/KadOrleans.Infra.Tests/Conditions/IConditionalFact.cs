namespace KadOrleans.Infra.Tests.Conditions;

/// <summary>The attribute of tests that need something which is not everywhere.</summary>
public interface IConditionalFact
{
    /// <summary>Whether all that they need is there.</summary>
    bool IsPossible { get; }
}
